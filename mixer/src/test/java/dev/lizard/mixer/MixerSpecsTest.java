package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.ObjectNode;

class MixerSpecsTest {
    private static final HeadDims DIMS = new HeadDims(576, 9, 3, 64);

    private static ObjectNode json(String text) {
        return (ObjectNode) Json.MAPPER.readTree(text);
    }

    private static MixerSpec read(String text) {
        return MixerSpecs.read(json(text), DIMS, "recipe.yaml/layers");
    }

    @Test
    void absentKeysTakeTheDefaultsOfTheKind() {
        assertThat(read("{\"mixer\": \"softmax\"}")).isEqualTo(new SoftmaxSpec());
        assertThat(read("{\"mixer\": \"window\"}")).isEqualTo(new WindowSpec(128, 0));
        assertThat(read("{\"mixer\": \"lolcats\"}")).isEqualTo(new LolcatsSpec(128, 64, Branches.BOTH));
        assertThat(read("{\"mixer\": \"taylor\"}")).isEqualTo(new TaylorSpec(16, Near.NONE));
        assertThat(read("{\"mixer\": \"kernel\"}")).isEqualTo(new KernelSpec(KernelSpec.Network.SOFTPLUS, Near.NONE));
        assertThat(read("{\"mixer\": \"gated-delta\"}")).isEqualTo(new GatedDeltaSpec(32, 2048, true, Near.NONE));
        for (Variant variant : Variant.values()) {
            assertThat(read("{\"mixer\": \"" + variant.mixer() + "\"}")).isEqualTo(LizardSpec.of(variant, 64));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.lizard.mixer.MixerSpecs#names")
    void everyNameReadsAndWritesBack(String name) {
        MixerSpec spec = read("{\"mixer\": \"" + name + "\"}");
        assertThat(spec.mixer()).isEqualTo(name);
        assertThat(MixerSpecs.read(MixerSpecs.write(spec), DIMS, "written")).isEqualTo(spec);
    }

    @ParameterizedTest
    @MethodSource("dev.lizard.mixer.MixerSpecs#names")
    void shapesAreThoseOfTheInitialParameters(String name) {
        String sinks = name.equals("window") ? ", \"meta\": 3" : "";
        MixerSpec spec = read("{\"mixer\": \"" + name + "\"" + sinks + "}");
        try (Scope work = Scope.open()) {
            Map<String, List<Long>> initial = new HashMap<>();
            for (MixerSpec.Parameter parameter : spec.initial(DIMS, new RandomStream(1))) {
                initial.put(parameter.name(), listed(parameter.initial().shape()));
            }
            Map<String, List<Long>> shapes = new HashMap<>();
            spec.shapes(DIMS).forEach((parameter, shape) -> shapes.put(parameter, listed(shape)));
            assertThat(shapes).isEqualTo(initial);
        }
    }

    private static List<Long> listed(long[] shape) {
        return Arrays.stream(shape).boxed().toList();
    }

    @Test
    void givenKeysWinAndAreWritten() {
        LizardSpec spec = new LizardSpec(Variant.SUM, 16, 24, 0, 4.5, 99, Branches.LINEAR);
        ObjectNode written = MixerSpecs.write(spec);
        assertThat(written)
                .isEqualTo(json("{\"mixer\": \"lizard-sum\", \"window\": 16, \"features\": 24, \"meta\": 0, "
                        + "\"shortest_half_life\": 4.5, \"longest_half_life\": 99.0, \"branches\": \"linear\"}"));
        assertThat(MixerSpecs.read(written, DIMS, "written")).isEqualTo(spec);
    }

    @Test
    void theWindowBeginsAsLoudAsItIsAskedTo() {
        MixerSpec spec = read("{\"mixer\": \"lizard\", \"window_factor\": 0.25}");
        assertThat(read(MixerSpecs.write(spec).toString())).isEqualTo(spec);
        try (Scope _ = Scope.open()) {
            float[] logits = spec.initial(DIMS, new RandomStream(1)).stream()
                    .filter(parameter -> parameter.name().equals(LizardSpec.WINDOW_LOGIT))
                    .findFirst()
                    .orElseThrow()
                    .initial()
                    .floats();
            assertThat(logits).hasSize(DIMS.heads()).containsOnly((float) Math.log(0.25));
        }
    }

    @Test
    void slotsAreReadAndWrittenWhereTheyAre() {
        LizardSpec spec = new LizardSpec(
                Variant.JOINT,
                16,
                4,
                64,
                0,
                32,
                2048,
                Branches.BOTH,
                Far.NONE,
                new SlotSpec(9, 5, SlotType.MODEL, 100, 300));
        ObjectNode written = MixerSpecs.write(spec);
        assertThat(written)
                .isEqualTo(json("{\"mixer\": \"lizard\", \"window\": 16, \"far\": \"none\", \"meta\": 0, "
                        + "\"first\": 4, \"slots\": 9, \"score_hidden\": 5, \"slot_type\": \"model\", "
                        + "\"slot_half_life\": 300.0, "
                        + "\"distance_limit\": 100}"));
        assertThat(MixerSpecs.read(written, DIMS, "written")).isEqualTo(spec);
        assertThat(read("{\"mixer\": \"lizard\", \"slots\": 7}"))
                .isEqualTo(new LizardSpec(
                        Variant.JOINT,
                        128,
                        0,
                        64,
                        4,
                        32,
                        2048,
                        Branches.BOTH,
                        Far.GATED,
                        new SlotSpec(7, 128, SlotType.INT8, 0, 0)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {"mixer": "lizzard"}                    | unknown mixer 'lizzard' | did you mean 'lizard'?
        {"window": 3}                           | missing key             | one of softmax
        {"mixer": 3}                            | wrong type              | one of softmax
        {"mixer": "lizard", "far": "none", "window_factor": 0.5} | window_factor | take it out
        {"mixer": "lizard", "windw": 3}         | unknown key 'windw'     | did you mean 'window'?
        {"mixer": "window", "features": 3}      | unknown key 'features'  | one of window, meta
        {"mixer": "softmax", "window": 3}       | unknown key 'window'    | take it out
        {"mixer": "lizard", "window": 0}        | number out of range     | at least 1
        {"mixer": "lolcats", "features": 0}     | number out of range     | at least 1
        {"mixer": "lizard", "branches": "left"} | unknown value           | both, window, linear
        {"mixer": "taylor", "features": 257}    | number out of range     | at most 256
        {"mixer": "gated-delta", "longest_half_life": 31} | below shortest_half_life 32 | swap them
        {"mixer": "lizard", "longest_half_life": 31} | below shortest_half_life 32 | swap them
        {"mixer": "lizard", "slots": -1}        | number out of range     | at least 0
        {"mixer": "lizard", "slots": 9, "slot_type": "int4"} | unknown value | int8, model
        {"mixer": "lizard", "slot_type": "int8"} | layers/slot_type      | expected slots above 0
        {"mixer": "lizard", "score_hidden": 8}  | layers/score_hidden     | add slots or take it out
        {"mixer": "lizard", "distance_limit": 900} | layers/distance_limit | expected first or slots above 0
        {"mixer": "lizard", "first": 4, "distance_limit": 131} | window + first = 132 | found 131
        {"mixer": "lizard", "far": "none", "features": 8} | layers/features | beside far none
        {"mixer": "lizard", "far": "none", "longest_half_life": 8} | layers/longest_half_life | beside far none
        {"mixer": "lizard", "far": "none", "branches": "window"} | layers/branches | beside far none
        {"mixer": "lizard-sum", "slots": 4}     | unknown key 'slots'     | one of window
        {"mixer": "retnet", "branches": "window"} | layers/branches       | take it out
        {"mixer": "gla", "branches": "linear"}  | layers/branches         | window or first above 0
        {"mixer": "kernel", "map": "relu"}      | unknown value           | softplus, mlp, glu
        {"mixer": "kernel", "branches": "window"} | layers/branches       | take it out
        {"mixer": "mamba", "state": 0}          | number out of range     | at least 1
        {"mixer": "mamba", "selective": "so"}   | layers/selective        | true or false
        {"mixer": "taylor", "branches": "window"} | layers/branches       | take it out
        {"mixer": "liger", "window": 0}         | number out of range     | at least 1
        {"mixer": "hedgehog", "first": 4, "activation": "exp"} | layers/activation | expected softmax beside first
        {"mixer": "hedgehog", "branches": "window"} | layers/branches     | first above 0
        """)
    void faultsAreUsageErrorsThatNamePlaceAndRemedy(String text, String what, String remedy) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(Kind.USAGE))
                .hasMessageContaining("recipe.yaml/layers")
                .hasMessageContaining(what)
                .hasMessageContaining(remedy);
    }

    @Test
    void faultsOfAModelsOwnFileAreInputErrors() {
        ObjectNode node = json("{\"mixer\": \"lizard\", \"window\": \"wide\"}");
        assertThatThrownBy(() -> MixerSpecs.read(node, DIMS, "config.json/lizard", Kind.INPUT))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INPUT))
                .hasMessageContaining("config.json/lizard/window");
    }
}
