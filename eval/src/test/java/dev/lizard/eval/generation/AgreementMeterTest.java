package dev.lizard.eval.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.eval.ByteModels;
import dev.lizard.eval.result.Agreement;
import dev.lizard.eval.result.Bucket;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class AgreementMeterTest {
    private static final List<int[]> PROMPTS = List.of(new int[] {72, 105}, new int[] {33}, new int[] {10, 20, 30});

    @Test
    void theFirstTokenThatDiffersIsFound() {
        assertThat(AgreementMeter.together(new int[] {1, 2, 3}, new int[] {1, 2, 4, 5}))
                .isEqualTo(2);
        assertThat(AgreementMeter.together(new int[] {1, 2}, new int[] {1, 2, 4}))
                .as("one has ended")
                .isEqualTo(2);
        assertThat(AgreementMeter.together(new int[] {1, 2}, new int[] {1, 2})).isEqualTo(2);
        assertThat(AgreementMeter.same(new int[] {1, 2, 3}, new int[] {1, 9, 3, 4}))
                .containsExactly(true, false, true, false);
    }

    @Test
    void aModelAgreesWithItselfInAllItWrites() {
        try (Decoder model = ByteModels.random(1)) {
            GreedyWriter writer = new GreedyWriter(20, Set.of(256), () -> false);
            List<int[]> texts = writer.write(model, PROMPTS, Progress.NONE);
            Agreement found = AgreementMeter.measure(model, "student", "teacher", "text", PROMPTS, texts, texts, 20);
            double length =
                    texts.stream().mapToInt(text -> text.length).average().orElse(0);
            assertThat(found.together()).isEqualTo(length);
            assertThat(found.whole()).isEqualTo(1);
            assertThat(found.forced())
                    .as("one pass chooses what the steps chose")
                    .isEqualTo(1);
            assertThat(found.free()).isEqualTo(1);
            assertThat(found.freeError()).isCloseTo(0.0, within(1e-12));
            assertThat(found.forcedByPosition().stream()
                            .mapToLong(Bucket::count)
                            .sum())
                    .isEqualTo(texts.stream().mapToInt(text -> text.length).sum());
        }
    }

    @Test
    void sharesAndPositionsAreThoseOfThePlaces() {
        try (Decoder model = ByteModels.random(1)) {
            GreedyWriter writer = new GreedyWriter(20, Set.of(), () -> false);
            List<int[]> texts = writer.write(model, PROMPTS, Progress.NONE);
            List<int[]> others = texts.stream().map(int[]::clone).toList();
            others.get(0)[3] += 1;
            others.get(0)[10] += 1;
            others.get(1)[0] += 1;
            Agreement found = AgreementMeter.measure(model, "student", "teacher", "text", PROMPTS, texts, others, 20);
            assertThat(found.together()).isCloseTo((3 + 0 + 20) / 3.0, within(1e-12));
            assertThat(found.whole()).isCloseTo(1 / 3.0, within(1e-12));
            assertThat(found.free()).isCloseTo(57 / 60.0, within(1e-12));
            assertThat(found.freeByPosition())
                    .containsExactly(
                            new Bucket(0, 8, 22 / 24.0, 24),
                            new Bucket(8, 16, 23 / 24.0, 24),
                            new Bucket(16, 20, 1, 12));
        }
    }

    @Test
    void textsEndWithTheTokenThatEndsThem() {
        try (Decoder model = ByteModels.random(1)) {
            int[] whole = new GreedyWriter(12, Set.of(), () -> false)
                    .write(model, PROMPTS, Progress.NONE)
                    .getFirst();
            int[] cut = new GreedyWriter(12, Set.of(whole[4]), () -> false)
                    .write(model, PROMPTS, Progress.NONE)
                    .getFirst();
            int first = 0;
            while (whole[first] != whole[4]) {
                first++;
            }
            assertThat(cut).containsExactly(Arrays.copyOf(whole, first + 1));
        }
    }

    @Test
    void builtInPromptsAreThirtyOfSixKinds() {
        List<Prompt> prompts = Prompt.builtIn();
        assertThat(prompts).hasSize(30).doesNotHaveDuplicates();
        assertThat(prompts.stream().map(Prompt::kind).distinct())
                .containsExactly("facts", "story", "list", "instruction", "code", "arithmetic");
        try (Tokenizer bytes = ByteTokenizer.open(List.of("<|end|>"))) {
            assertThat(new Prompt("x", "Hi").ids(bytes, Optional.empty())).containsExactly(72, 105);
        }
    }

    @Test
    void badPromptsAreToldWithTheirLine() {
        assertThatThrownBy(() -> Prompt.read("{\"prompt\": \"a\"}\n{\"prompts\": \"b\"}", "p.jsonl"))
                .isInstanceOf(LizardException.class)
                .hasMessage("bad prompt in p.jsonl line 2: expected {\"kind\": \"...\", \"prompt\": \"...\"} but found"
                        + " another line; correct the file");
        assertThatThrownBy(() -> Prompt.read("\n", "p.jsonl"))
                .isInstanceOf(LizardException.class)
                .hasMessage("no prompts in p.jsonl: expected lines {\"kind\": \"...\", \"prompt\": \"...\"} but found"
                        + " none; correct the file");
    }
}
