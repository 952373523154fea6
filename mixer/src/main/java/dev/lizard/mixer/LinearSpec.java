package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Map;

/**
 * Linear attention (Katharopoulos et al. 2020, arXiv 2006.16236), the plainest rival: no window, no gate, no parameters.
 * With q̃ and k̃ the queries and keys after RoPE:
 *
 * <pre>
 *   φ(x) = elu(x) + 1
 *   S_t = S_{t−1} + φ(k̃_t)ᵀ v_t      z_t = z_{t−1} + φ(k̃_t)
 *   y_t = φ(q̃_t) S_t / φ(q̃_t)·z_t
 * </pre>
 *
 * <p>Deviations: positions come from the teacher's RoPE, taken before φ so that weights stay positive; features are kept
 * above 1e-12, for a row of zeros would be 0/0. Heads that share keys share S and z.
 */
public record LinearSpec() implements MixerSpec {
    static final MixerKind<LinearSpec> KIND = new MixerKind<>("linear", LinearSpec.class, (spec, dims) -> spec);

    private static final double SMALLEST = 1e-12;

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public Map<String, Object> keys() {
        return Map.of();
    }

    @Override
    public Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        return new Linear(this, dims);
    }

    @Override
    public long stateNumbers(HeadDims dims, long tokens) {
        return (long) dims.keyHeads() * dims.headWidth() * (dims.headWidth() + 1);
    }

    /** What is read and what is written. */
    @Override
    public double flops(HeadDims dims, long length) {
        return 4.0 * MixerSizes.rows(dims) * dims.headWidth();
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return 14 * MixerSizes.rows(dims) + 2L * dims.heads() * Math.min(MatrixMemory.CHUNK, length);
    }

    private record Linear(LinearSpec spec, HeadDims dims) implements Mixer {
        @Override
        public Map<String, Tensor> parameters() {
            return Map.of();
        }

        @Override
        public Tensor parallel(MixerInput original) {
            try (Scope scope = Scope.open()) {
                MixerInput in = original.widened();
                Documents apart = Documents.of(in.at().documents(), 0);
                Tensor y = MatrixMemory.parallel(queries(in), perHead(keys(in)), perHead(values(in)), null, apart);
                return scope.promote(original.narrowed(LinearBranch.split(y).divided()));
            }
        }

        @Override
        public MixerState newState(int batch, DType dtype, Device device) {
            MixerState state = new MixerState();
            long width = dims.headWidth();
            state.put(
                    LinearBranch.MEMORY,
                    Tensors.zeros(Mixer.computing(dtype), device, batch, dims.keyHeads(), width, width + 1));
            return state;
        }

        @Override
        public Tensor chunk(MixerInput original, MixerState state) {
            try (Scope scope = Scope.open()) {
                MixerInput in = original.widened();
                Tensor before = perHead(state.get(LinearBranch.MEMORY)); // [B, H, d, d + 1]
                Documents apart = Documents.of(in.at().documents(), 0);
                MatrixMemory.Result result =
                        MatrixMemory.chunk(queries(in), perHead(keys(in)), perHead(values(in)), null, before, apart);
                Tensor after = result.memory(); // equal for the heads of a group
                LinearBranch.keep(
                        state,
                        after.view(in.batch(), dims.keyHeads(), dims.group(), after.size(2), after.size(3))
                                .select(2, 0));
                return scope.promote(
                        original.narrowed(LinearBranch.split(result.y()).divided()));
            }
        }

        @Override
        public Tensor step(MixerInput original, MixerState state) {
            try (Scope scope = Scope.open()) {
                MixerInput in = original.widened();
                Tensor q = queries(in).reshape(in.batch(), dims.keyHeads(), dims.group(), dims.headWidth());
                Tensor y = MatrixMemory.step(q, keys(in), values(in), null, state.get(LinearBranch.MEMORY));
                Tensor mean = LinearBranch.split(y).divided(); // [B, G, R, d]
                return scope.promote(original.narrowed(mean.reshape(in.q().shape())));
            }
        }

        private static Tensor queries(MixerInput in) {
            return features(in.at().turn(in.q())); // [B, H, T, d]
        }

        private static Tensor keys(MixerInput in) {
            return features(in.at().turn(in.k())); // [B, G, T, d]
        }

        private static Tensor values(MixerInput in) {
            return LinearBranch.counted(in.v()); // [B, G, T, d + 1]
        }

        private static Tensor features(Tensor x) {
            return x.clampMin(0).add(x.clampMax(0).exp()).clampMin(SMALLEST);
        }

        private Tensor perHead(Tensor x) {
            return dims.group() == 1 ? x : x.repeatInterleave(dims.group(), 1);
        }
    }
}
