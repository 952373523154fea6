package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.text.Batch;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.TokenizerSettings;
import dev.lizard.text.Tokenizers;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FactSourceTest {
    private static final int LENGTH = 600;

    /** Sequences of one letter. */
    private record Letters(int length) implements SequenceSource {
        @Override
        public Batch sequence(long index) {
            long[] ids = new long[length];
            Arrays.fill(ids, 'a' + index % 26);
            return new Batch(1, length, ids, ids.clone());
        }

        @Override
        public String fingerprint() {
            return "letters";
        }
    }

    private static String text(long[] ids) {
        StringBuilder text = new StringBuilder();
        for (long id : ids) {
            text.append((char) id);
        }
        return text.toString();
    }

    @Test
    void factsAreStatedThenAskedForAmongTheSourcesTokens() {
        try (Tokenizer tokenizer =
                Tokenizers.fromJson(ByteTokenizer.json(List.of("<|end|>")), TokenizerSettings.ofEos(256), "bytes")) {
            FactSource facts = new FactSource(new Letters(LENGTH), tokenizer, 0.5, 3);
            int with = 0;
            for (int i = 0; i < 200; i++) {
                Batch batch = facts.sequence(i);
                String text = text(batch.inputs());
                assertThat(Arrays.copyOfRange(batch.targets(), 0, LENGTH - 1))
                        .containsExactly(Arrays.copyOfRange(batch.inputs(), 1, LENGTH));
                assertThat(facts.sequence(i).inputs()).containsExactly(batch.inputs());
                if (text.contains("\n")) {
                    with++;
                    List<String> lines =
                            text.lines().filter(line -> line.endsWith(".")).toList();
                    assertThat(lines).as(text).hasSizeGreaterThanOrEqualTo(2);
                    assertThat(lines.size() % 2).as(text).isZero();
                    String asked = lines.getLast();
                    String answer = asked.substring(asked.lastIndexOf(' ') + 1, asked.length() - 1);
                    assertThat(lines.stream().filter(line -> line.contains(answer)))
                            .as(text)
                            .hasSizeGreaterThanOrEqualTo(2);
                    assertThat(text.replaceAll("\n[^\n]*\\.\n", "")).as(text).matches("(.)\\1*");
                } else {
                    assertThat(batch.inputs()).containsOnly('a' + i % 26);
                }
            }
            assertThat(with).isBetween(75, 125);
            assertThat(facts.fingerprint()).isEqualTo("letters, facts in 0.5 of them, seed 3");
        }
    }

    @Test
    void factsNeedDocumentsThatSeeEachOtherAndTokensThatAllCount() {
        assertThatThrownBy(() -> Recipe.of(TinyTeacher.tree(TinyTeacher.RECIPE + "facts: 0.2\ndocuments: apart\n")))
                .hasMessageContaining("tiny.yaml/facts")
                .hasMessageContaining("documents together");
        assertThatThrownBy(() -> Recipe.of(TinyTeacher.tree(
                        TinyTeacher.RECIPE.replace("type: next-token", "type: next-token, labels: response")
                                + "facts: 0.2\n")))
                .hasMessageContaining("tiny.yaml/facts")
                .hasMessageContaining("labels all");
    }
}
