package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Linear attention over positive features, without a gate, in its three forms; heads that share keys share the memory:
 *
 * <pre>
 *   [S | z]_t = [S | z]_{t−1} + φ(k_t)ᵀ [v_t | 1]      y_t = φ(q_t) S_t / φ(q_t)·z_t
 * </pre>
 *
 * @param features f
 * @param turned whether φ is taken after RoPE
 * @param queries φ of q [B, H, T, d]: [B, H, T, f]
 * @param keys φ of k [B, G, T, d]: [B, G, T, f]
 */
record FeatureMemory(
        MixerSpec spec,
        HeadDims dims,
        Map<String, Tensor> parameters,
        long features,
        boolean turned,
        UnaryOperator<Tensor> queries,
        UnaryOperator<Tensor> keys)
        implements Mixer {
    @Override
    public Tensor parallel(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Documents apart = Documents.of(in.at().documents(), 0);
            Tensor y = MatrixMemory.parallel(q(in), perHead(k(in)), perHead(v(in)), null, apart);
            return scope.promote(original.narrowed(LinearBranch.split(y).divided()));
        }
    }

    @Override
    public MixerState newState(int batch, DType dtype, Device device) {
        MixerState state = new MixerState();
        state.put(
                LinearBranch.MEMORY,
                Tensors.zeros(Mixer.computing(dtype), device, batch, dims.keyHeads(), features, dims.headWidth() + 1L));
        return state;
    }

    @Override
    public Tensor chunk(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor before = perHead(state.get(LinearBranch.MEMORY)); // [B, H, f, d + 1]
            Documents apart = Documents.of(in.at().documents(), 0);
            MatrixMemory.Result result = MatrixMemory.chunk(q(in), perHead(k(in)), perHead(v(in)), null, before, apart);
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
            Tensor q = q(in).reshape(in.batch(), dims.keyHeads(), dims.group(), features);
            Tensor y = MatrixMemory.step(q, k(in), v(in), null, state.get(LinearBranch.MEMORY));
            Tensor mean = LinearBranch.split(y).divided(); // [B, G, R, d]
            return scope.promote(original.narrowed(mean.reshape(in.q().shape())));
        }
    }

    private Tensor q(MixerInput in) {
        return queries.apply(turned ? in.at().turn(in.q()) : in.q()); // [B, H, T, f]
    }

    private Tensor k(MixerInput in) {
        return keys.apply(turned ? in.at().turn(in.k()) : in.k()); // [B, G, T, f]
    }

    private static Tensor v(MixerInput in) {
        return LinearBranch.counted(in.v()); // [B, G, T, d + 1]
    }

    private Tensor perHead(Tensor x) {
        return dims.group() == 1 ? x : x.repeatInterleave(dims.group(), 1);
    }
}
