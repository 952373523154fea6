package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.mixer.WindowSpec;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LiveTensors.class)
class DecoderTest {
    @ParameterizedTest
    @EnumSource(Family.class)
    void formsAgreeAndStatesContinueWherePassesEnd(Family family) {
        var config = TinyModels.config(family);
        config.put("sliding_window", 5).put("use_sliding_window", true).put("max_window_layers", 1);
        try (Decoder decoder = TinyModels.random(config, DType.FLOAT64)) {
            Tensor ids = TinyModels.ids(1, 2, 19, 50);
            Tensor full = decoder.hidden(ids, Form.PARALLEL);
            assertThat(full.shape()).containsExactly(2, 19, 32);
            assertThat(Shared.relative(decoder.hidden(ids, Form.CHUNK), full)).isLessThan(1e-9);
            assertThat(Shared.relative(decoder.hidden(ids, Form.RECURRENT), full))
                    .isLessThan(1e-9);
            for (int split : new int[] {1, 5, 6, 18}) {
                assertThat(Shared.relative(inTwo(decoder, ids, split), full)).isLessThan(1e-9);
            }
        }
    }

    /** Reads {@code split} tokens at once and the others one by one. */
    private static Tensor inTwo(Decoder decoder, Tensor ids, int split) {
        try (DecoderState state = decoder.newState(2)) {
            List<Tensor> parts = new ArrayList<>();
            parts.add(decoder.advance(ids.narrow(1, 0, split), state));
            for (long t = split; t < ids.size(1); t++) {
                assertThat(state.tokens()).isEqualTo(t);
                parts.add(decoder.advance(ids.narrow(1, t, 1), state));
            }
            return Tensors.cat(parts, 1);
        }
    }

    @Test
    void layersWithNewMixersContinueToo() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT64)) {
            LizardSpec spec = new LizardSpec(LizardSpec.Variant.JOINT, 4, 8, 2, 4, 32, LizardSpec.Branches.BOTH);
            Map<String, Tensor> parameters = new HashMap<>();
            for (MixerSpec.Parameter p : spec.initial(decoder.headDims(), new RandomStream(2))) {
                parameters.put(p.name(), p.initial().to(DType.FLOAT64));
            }
            decoder.replaceMixer(1, spec.create(decoder.headDims(), parameters));
            assertThat(decoder.mixerSpecs()).containsExactly(new SoftmaxSpec(), spec);
            Tensor ids = TinyModels.ids(1, 2, 19, 50);
            Tensor full = decoder.hidden(ids, Form.PARALLEL);
            assertThat(Shared.relative(inTwo(decoder, ids, 7), full)).isLessThan(1e-8);
        }
    }

    @Test
    void slidingWindowsBecomeWindowMixers() {
        var config = TinyModels.config(Family.MISTRAL).put("sliding_window", 5);
        try (Decoder decoder = TinyModels.random(config, DType.FLOAT32)) {
            assertThat(decoder.mixerSpecs()).containsExactly(new WindowSpec(5, 0), new WindowSpec(5, 0));
        }
    }

    @Test
    void observersSeeEachLayer() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.QWEN3), DType.FLOAT32)) {
            List<String> seen = new ArrayList<>();
            Tensor ids = TinyModels.ids(1, 2, 7, 50);
            Tensor plain = decoder.hidden(ids, Form.CHUNK);
            Tensor observed = decoder.hidden(ids, Form.CHUNK, new MixerObserver() {
                @Override
                public void observe(int layer, MixerInput in, Tensor heads) {
                    assertThat(in.x().shape()).containsExactly(2, 7, 32);
                    assertThat(in.q().shape()).containsExactly(2, 4, 7, 8);
                    assertThat(in.k().shape()).containsExactly(2, 2, 7, 8);
                    assertThat(heads.shape()).containsExactly(2, 4, 7, 8);
                    seen.add("mixer " + layer);
                }

                @Override
                public void hidden(int depth, Tensor hidden) {
                    assertThat(hidden.shape()).containsExactly(2, 7, 32);
                    seen.add("hidden " + depth);
                }
            });
            assertThat(seen).containsExactly("hidden 0", "mixer 0", "hidden 1", "mixer 1", "hidden 2");
            assertThat(Shared.difference(plain, observed)).isZero();
        }
    }

    @Test
    void statesForkSaveAndRestore() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32);
                DecoderState state = decoder.newState(1)) {
            decoder.advance(TinyModels.ids(1, 1, 9, 50), state);
            try (DecoderState fork = state.fork();
                    DecoderState restored = decoder.newState(1)) {
                restored.restore(state.tensors(), "saved");
                assertThat(restored.bytes()).isEqualTo(state.bytes()).isEqualTo(fork.bytes());
                Tensor more = TinyModels.ids(2, 1, 3, 50);
                Tensor expected = decoder.advance(more, state);
                assertThat(Shared.difference(decoder.advance(more, fork), expected))
                        .isZero();
                assertThat(Shared.difference(decoder.advance(more, restored), expected))
                        .isZero();
                assertThat(restored.tokens()).isEqualTo(12);
            }
            assertThatThrownBy(() -> state.restore(state.tensors(), "x")).isInstanceOf(IllegalStateException.class);
            decoder.replaceMixer(0, new WindowSpec(5, 0).create(decoder.headDims(), Map.of()));
            try (DecoderState other = decoder.newState(1)) {
                assertThatThrownBy(() -> other.restore(state.tensors(), "chat.state"))
                        .hasMessageContaining("state of another model in chat.state/layers.0.window.keys");
            }
            decoder.replaceMixer(0, new SoftmaxSpec().create(decoder.headDims(), Map.of()));
            try (DecoderState two = decoder.newState(2)) {
                assertThatThrownBy(() -> two.restore(state.tensors(), "chat.state"))
                        .hasMessageContaining("chat.state/tokens")
                        .hasMessageContaining("load it with the model that wrote it");
            }
        }
    }

    @Test
    void weightsAreReboundToLeaves() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32)) {
            String name = "model.layers.1.mlp.up_proj.weight";
            Tensor ids = TinyModels.ids(1, 1, 7, 50);
            Tensor before = decoder.hidden(ids, Form.CHUNK);
            Tensor leaf = decoder.weights().get(name).copy().requiresGrad(true);
            decoder.bind(name, leaf);
            Tensor after = decoder.hidden(ids, Form.CHUNK);
            assertThat(Shared.difference(before, after.detach())).isZero();
            after.square().sum().backward();
            assertThat(leaf.grad()).isNotNull();
            assertThat(decoder.weights().get(name)).isSameAs(leaf);
            assertThatThrownBy(() -> decoder.bind("model.layers.1.mlp.upproj.weight", leaf))
                    .hasMessageContaining("did you mean '" + name + "'");
            assertThatThrownBy(() -> decoder.bind("model.norm.weight", leaf)).hasMessageContaining("[48, 32]");
        }
    }

    @Test
    void floatLeavesOfABfloatModelAreRoundedAtEachUse() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.QWEN2), DType.BFLOAT16)) {
            Tensor ids = TinyModels.ids(1, 1, 7, 50);
            Tensor before = decoder.hidden(ids, Form.CHUNK);
            decoder.weights()
                    .forEach((name, weight) ->
                            decoder.bind(name, weight.to(DType.FLOAT32).requiresGrad(true)));
            Tensor after = decoder.hidden(ids, Form.CHUNK);
            assertThat(after.dtype()).isEqualTo(DType.BFLOAT16);
            assertThat(Shared.difference(before, after.detach())).isZero();
            after.square().sum().backward();
            decoder.weights()
                    .forEach((name, weight) -> assertThat(weight.grad())
                            .as(name)
                            .isNotNull()
                            .extracting(Tensor::dtype)
                            .isEqualTo(DType.FLOAT32));
        }
    }

    @Test
    void aPassLeavesOnlyItsResult() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32);
                Scope work = Scope.open()) {
            Tensor ids = TinyModels.ids(1, 2, 7, 50);
            decoder.hidden(ids, Form.CHUNK);
            long before = work.size();
            decoder.hidden(ids, Form.CHUNK);
            assertThat(work.size()).isEqualTo(before + 1);
        }
    }

    @Test
    void deeperLayersHoldNoMoreThanTheFirst() {
        var config = TinyModels.config(Family.LLAMA).put("num_hidden_layers", 5);
        try (Decoder decoder = TinyModels.random(config, DType.FLOAT32);
                Gradients off = Gradients.off()) {
            List<Long> live = new ArrayList<>();
            Tensor ids = TinyModels.ids(1, 2, 7, 50);
            decoder.hidden(ids, Form.CHUNK);
            decoder.hidden(ids, Form.CHUNK, (layer, in, heads) -> live.add(Scope.liveTensors()));
            assertThat(live).hasSize(5).containsOnly(live.getFirst());
        }
    }

    @Test
    void liveTensorsStayFlatOverTenThousandSteps() {
        int steps = 10_000;
        var config = TinyModels.config(Family.MISTRAL).put("sliding_window", 5);
        try (Decoder decoder = TinyModels.random(config, DType.FLOAT32);
                DecoderState state = decoder.newState(1);
                Gradients off = Gradients.off()) {
            Tensor ids = TinyModels.ids(1, 1, 1, 50);
            long live = -1;
            long bytes = state.bytes();
            for (int i = 0; i < steps; i++) {
                try (Scope step = Scope.open()) {
                    decoder.logits(decoder.advance(ids, state)).argmax(-1).longs();
                }
                if (i == 10) {
                    live = Scope.liveTensors();
                } else if (i > 10) {
                    assertThat(Scope.liveTensors()).isEqualTo(live);
                }
            }
            assertThat(state.tokens()).isEqualTo(steps);
            assertThat(state.bytes()).isEqualTo(bytes);
        }
    }

    @Test
    void randomModelsHaveTheStatedDeviations() {
        ModelConfig config = TinyModels.parsed(TinyModels.config(Family.LLAMA));
        try (Decoder decoder = Decoder.random(config, new RandomStream(3), DType.FLOAT32, Device.CPU)) {
            Map<String, Tensor> weights = decoder.weights();
            assertThat(deviation(weights.get("model.embed_tokens.weight"))).isBetween(0.018, 0.022);
            assertThat(deviation(weights.get("model.layers.0.mlp.down_proj.weight")))
                    .isBetween(0.009, 0.011);
            assertThat(weights.get("model.norm.weight").floats()).containsOnly(1f);
        }
    }

    private static double deviation(Tensor x) {
        return Math.sqrt(x.square().mean().item());
    }
}
