package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LinearSpec;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.LolcatsSpec;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.mixer.WindowSpec;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LiveTensors.class)
class StateBytesTest {
    private static final List<MixerSpec> SPECS = List.of(
            new SoftmaxSpec(),
            new WindowSpec(6, 2),
            new LizardSpec(LizardSpec.Variant.JOINT, 4, 6, 2, 4, 32, LizardSpec.Branches.BOTH),
            new LizardSpec(LizardSpec.Variant.SUM, 4, 8, 0, 4, 32, LizardSpec.Branches.BOTH),
            new LolcatsSpec(8, 8, LizardSpec.Branches.BOTH),
            new LinearSpec());

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT32", "BFLOAT16"})
    void bytesAreThoseOfARealState(DType dtype) {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), dtype)) {
            for (MixerSpec spec : SPECS) {
                Map<String, Tensor> parameters = new HashMap<>();
                spec.initial(decoder.headDims(), new RandomStream(2))
                        .forEach(p -> parameters.put(p.name(), p.initial()));
                decoder.replaceMixer(0, spec.create(decoder.headDims(), parameters));
                decoder.replaceMixer(1, spec.create(decoder.headDims(), parameters));
                try (DecoderState state = decoder.newState(1)) {
                    decoder.advance(TinyModels.ids(1, 1, 512, 50), state); // as much as a cache holds when it is full
                    assertThat(MixerSpecs.stateBytes(decoder.mixerSpecs(), decoder.headDims(), dtype, 512))
                            .as("%s", spec)
                            .isEqualTo(state.bytes());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT32", "BFLOAT16"})
    void onlyACacheGrows(DType dtype) {
        ModelConfig config = TinyModels.parsed(TinyModels.config(Family.LLAMA));
        List<MixerSpec> caches = List.of(new SoftmaxSpec(), new SoftmaxSpec());
        assertThat(MixerSpecs.stateBytes(caches, config.headDims(), dtype, 1000))
                .isEqualTo(2L * 2 * 2 * 8 * 1000 * dtype.bytes());
        List<MixerSpec> others = SPECS.subList(1, SPECS.size());
        assertThat(MixerSpecs.stateBytes(others, config.headDims(), dtype, 1))
                .isEqualTo(MixerSpecs.stateBytes(others, config.headDims(), dtype, 1L << 20));
    }
}
