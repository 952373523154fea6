package dev.lizard.eval.recall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.eval.result.RecallCell;
import dev.lizard.mixer.LinearSpec;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensors;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MemoryProbeTest {
    private static Map<String, Double> shares(List<MemoryRule> rules, int reads, List<Integer> pairs) {
        Map<String, Double> shares = new HashMap<>();
        new MemoryProbe(reads, pairs, 7, Device.CPU).measure(rules, cell -> shares.put(key(cell), cell.value()));
        return shares;
    }

    private static String key(RecallCell cell) {
        return "%s, %s %d".formatted(cell.model(), cell.task(), cell.size());
    }

    /** Shares that others measured with 20 draws; a row is 4, 64 and 128 pairs. */
    @Test
    void capacitiesAreThoseOfTheLiterature() {
        Map<String, List<Double>> expected = new LinkedHashMap<>();
        expected.put("unit keys", List.of(1.0, 1.0, 0.94));
        expected.put("1 + elu", List.of(0.85, 0.01, 0.01)); // there 0.80 of 80 keys: 5,000 have 0.85
        expected.put("relu", List.of(1.0, 0.22, 0.05));
        expected.put("softmax pair", List.of(1.0, 0.14, 0.04));
        expected.put("softmax pair x3", List.of(1.0, 0.94, 0.85));
        expected.put("Taylor of 8", List.of(1.0, 0.49, 0.17));
        expected.put("Taylor of 16", List.of(1.0, 0.95, 0.64));
        expected.put("Taylor of 24", List.of(1.0, 1.0, 0.93));
        expected.put("decay 0.99", List.of(1.0, 0.98, 0.71));
        expected.put("decay 0.95", List.of(1.0, 0.52, 0.25));
        List<Integer> pairs = List.of(4, 64, 128);
        Map<String, Double> shares = shares(MemoryRules.formulas(7), 1280, pairs);
        expected.forEach((rule, row) -> {
            for (int i = 0; i < pairs.size(); i++) {
                String key = "additive, %s, capacity %d".formatted(rule, pairs.get(i));
                assertThat(shares.get(key)).as(key).isCloseTo(row.get(i), within(0.05));
            }
        });
    }

    @Test
    void whatIsOverwrittenIsRememberedWhereMemoryDecays() {
        List<MemoryRule> rules = List.of(
                new AdditiveMemory("kept", AdditiveMemory::unit),
                new AdditiveMemory("decay", AdditiveMemory::unit, 0.98));
        Map<String, Double> shares = shares(rules, 1280, List.of(8, 32));
        assertThat(shares.get("kept, overwrite_2 8")).isCloseTo(0.5, within(0.05));
        assertThat(shares.get("kept, overwrite_4 32")).isCloseTo(0.22, within(0.05));
        assertThat(shares.get("decay, overwrite_2 8")).isCloseTo(0.94, within(0.05));
        assertThat(shares.get("decay, overwrite_4 8")).isCloseTo(0.71, within(0.05));
        assertThat(shares.get("decay, overwrite_4 32")).isCloseTo(0.97, within(0.05));
    }

    @Test
    void mixersRememberAsTheirFormulas() {
        try (Scope work = Scope.open()) {
            LizardSpec linear = new LizardSpec(LizardSpec.Variant.SUM, 1, 64, 0, 32, 1e9, LizardSpec.Branches.LINEAR);
            MixerMemory lizard = MixerMemory.initial("lizard", linear, 1);
            lizard.parameters().put("gate_bias", Tensors.of(new float[] {40}, 1)); // no decay
            List<MemoryRule> rules = List.of(
                    MixerMemory.initial("softmax", new SoftmaxSpec(), 1),
                    MixerMemory.initial("linear", new LinearSpec(), 1),
                    lizard,
                    new AdditiveMemory("elu", AdditiveMemory::elu),
                    new AdditiveMemory("pair", AdditiveMemory.softmaxPair(1)));
            Map<String, Double> shares = shares(rules, 320, List.of(8, 32));
            assertThat(shares.get("softmax, capacity 32")).isEqualTo(1.0);
            for (String probe : List.of("capacity 8", "capacity 32", "overwrite_2 8")) {
                assertThat(shares.get("linear, " + probe)).isCloseTo(shares.get("elu, " + probe), within(0.01));
                assertThat(shares.get("lizard, " + probe)).isCloseTo(shares.get("pair, " + probe), within(0.01));
            }
        }
    }

    @Test
    void everyMixerIsProbed() {
        Map<String, Double> shares = new HashMap<>();
        new MemoryProbe(8, List.of(4), 1, Device.CPU).measure(cell -> shares.put(key(cell), cell.value()));
        assertThat(shares)
                .containsEntry("mixer softmax, capacity 4", 1.0)
                .containsEntry("mixer lizard, capacity 4", 1.0)
                .containsKeys("mixer linear, capacity 4", "additive, Taylor of 24, capacity 4");
    }
}
