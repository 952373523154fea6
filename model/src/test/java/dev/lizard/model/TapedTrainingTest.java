package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerState;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A mixer whose gradient is given, inside a decoder, gives the gradients of automatic differentiation. */
@ExtendWith(LiveTensors.class)
class TapedTrainingTest {
    private static final int LAYERS = 2;

    /** Puts another mixer on the tape as one operation, whose gradient is the other's, computed anew. */
    private record Fused(Mixer plain) implements Mixer {
        @Override
        public Tensor forward(MixerInput in, Form form, Tape tape) {
            List<Tensor> inputs = new ArrayList<>(List.of(in.x(), in.q(), in.k(), in.v()));
            inputs.addAll(plain.parameters().values());
            return tape.apply(new Mixing(plain, in), inputs).getFirst();
        }

        @Override
        public MixerSpec spec() {
            return plain.spec();
        }

        @Override
        public Map<String, Tensor> parameters() {
            return plain.parameters();
        }

        @Override
        public Tensor parallel(MixerInput in) {
            throw new UnsupportedOperationException();
        }

        @Override
        public MixerState newState(int batch, DType dtype, Device device) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Tensor chunk(MixerInput in, MixerState state) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Tensor step(MixerInput in, MixerState state) {
            throw new UnsupportedOperationException();
        }
    }

    private record Mixing(Mixer plain, MixerInput in) implements Tape.Operation {
        private MixerInput of(List<Tensor> tensors) {
            return new MixerInput(tensors.get(0), tensors.get(1), tensors.get(2), tensors.get(3), in.at());
        }

        @Override
        public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
            return List.of(plain.forward(of(inputs), Form.CHUNK));
        }

        @Override
        public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
            List<Tensor> leaves = inputs.stream()
                    .limit(4)
                    .map(x -> x.detach().requiresGrad(true))
                    .toList();
            try (Gradients on = Gradients.on()) {
                plain.forward(of(leaves), Form.CHUNK).backward(gradients.getFirst());
            }
            List<@Nullable Tensor> result = new ArrayList<>();
            leaves.forEach(leaf -> result.add(leaf.grad()));
            plain.parameters().forEach((name, leaf) -> result.add(null)); // they have theirs already
            return result;
        }
    }

    /** A decoder of which some weights and all mixers' parameters learn. */
    private static final class Pupil implements AutoCloseable {
        final Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT64);
        final Map<String, Tensor> leaves = new TreeMap<>();

        Pupil(boolean fused) {
            LizardSpec spec = new LizardSpec(LizardSpec.Variant.JOINT, 4, 4, 2, 4, 64, LizardSpec.Branches.BOTH);
            for (int layer = 0; layer < LAYERS; layer++) {
                Map<String, Tensor> parameters = new LinkedHashMap<>();
                for (MixerSpec.Parameter p : spec.initial(decoder.headDims(), new RandomStream(3))) {
                    Tensor leaf = p.initial().to(DType.FLOAT64).requiresGrad(true);
                    parameters.put(p.name(), leaf);
                    leaves.put(layer + "." + p.name(), leaf);
                }
                Mixer mixer = spec.create(decoder.headDims(), parameters);
                decoder.replaceMixer(layer, fused ? new Fused(mixer) : mixer);
            }
            for (String name : List.of("self_attn.k_proj.weight", "mlp.up_proj.weight", "input_layernorm.weight")) {
                String full = "model.layers.1." + name;
                Tensor leaf = decoder.weights().get(full).copy().requiresGrad(true);
                decoder.bind(full, leaf);
                leaves.put(full, leaf);
            }
        }

        double learn(boolean taped, boolean recompute) {
            Tensor ids = TinyModels.ids(4, 2, 11, 50);
            Tensor targets = TinyModels.ids(5, 2, 11, 50);
            try (Scope work = Scope.open();
                    Tape tape = new Tape()) {
                Tensor hidden =
                        taped ? decoder.hidden(ids, Form.CHUNK, tape, recompute) : decoder.hidden(ids, Form.CHUNK);
                Tensor loss = Losses.nextToken(decoder, hidden, targets, 64);
                tape.unwind();
                return loss.item();
            }
        }

        @Override
        public void close() {
            decoder.close();
        }
    }

    private static void same(boolean fused, boolean recompute) {
        try (Pupil plain = new Pupil(false);
                Pupil taped = new Pupil(fused)) {
            assertThat(taped.learn(true, recompute)).isEqualTo(plain.learn(false, false));
            plain.leaves.forEach((name, leaf) -> {
                assertThat(leaf.grad()).as(name).isNotNull();
                assertThat(Shared.relative(taped.leaves.get(name).grad(), leaf.grad()))
                        .as(name)
                        .isLessThan(1e-12);
            });
        }
    }

    @Test
    void tapedDecoderHasTheGradientsOfThePlainOne() {
        same(false, false);
    }

    @Test
    void mixersWithGivenGradientsFitIn() {
        same(true, false);
    }

    @Test
    void recomputedLayersHaveTheSameGradients() {
        same(false, true);
        same(true, true);
    }
}
