package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The mixer that half of the field is, as a {@link MatrixMemory} in its three forms. What differs is data: how keys and
 * queries are made, how the memory decays, what is divided by, and what follows.
 *
 * <pre>
 *   M_t = G_t ∘ M_{t−1} + i_t k_tᵀ v_t      n_t = G_t ∘ n_{t−1} + i_t k_t      y_t = end(q_t M_t / normaliser)
 * </pre>
 *
 * <p>Heads that share keys share M where keys and gates are theirs alone ({@link Terms#k} of G heads).
 *
 * <p><b>Input gates</b> i = exp(ι) may be of any size, so memory and mass are kept divided by exp(m), with m the largest
 * logarithm of a weight so far (xLSTM's stabiliser); it starts at 0, which is as good as any, for m cancels:
 *
 * <pre>
 *   m_t = max(log G_t + m_{t−1}, ι_t)      G'_t = exp(log G_t + m_{t−1} − m_t) ≤ 1      i'_t = exp(ι_t − m_t) ≤ 1
 * </pre>
 *
 * @param memories heads of k
 * @param features f
 * @param terms of what a layer sees
 */
record MemoryMixer(
        MixerSpec spec,
        HeadDims dims,
        Map<String, Tensor> parameters,
        int memories,
        long features,
        Normaliser normaliser,
        Function<MixerInput, Terms> terms,
        Ending ending)
        implements Mixer {
    /** log of the largest weight so far [B, M, 1]. */
    private static final String LARGEST = "linear.largest";

    /** What is read is divided by. */
    enum Normaliser {
        NONE,
        /** q_t·n_t, for weights that are positive. */
        SUM,
        /** The same, and 0 is read before the first token that is written. */
        SUM_OR_NOTHING,
        /** max(|q_t·n_t|, 1). */
        BOUNDED
    }

    /**
     * In float32 or float64.
     *
     * @param q what reads [B, H, T, f]
     * @param k what writes [B, M, T, f], M being H or G
     * @param logDecay log G of the memory [B, M, T], of its rows [B, M, T, f], or null for 1
     * @param logInput ι [B, M, T] beside one decay a head, or null for 0
     */
    record Terms(
            Tensor q,
            Tensor k,
            @Nullable Tensor logDecay,
            @Nullable Tensor logInput) {}

    /** Linear attention over positive features, without a gate. */
    static MemoryMixer summed(
            MixerSpec spec,
            HeadDims dims,
            Map<String, Tensor> parameters,
            int memories,
            long features,
            Function<MixerInput, Terms> terms) {
        return new MemoryMixer(spec, dims, parameters, memories, features, Normaliser.SUM, terms, Ending.NONE);
    }

    /** The same beside what is kept exactly: features of tokens that the memory does not hold are 0. */
    static MemoryMixer summed(
            MemorySpec spec,
            HeadDims dims,
            Map<String, Tensor> parameters,
            long features,
            Function<MixerInput, Terms> terms) {
        int first = spec.near().first();
        if (first == 0) {
            return summed(spec, dims, parameters, dims.keyHeads(), features, terms);
        }
        Function<MixerInput, Terms> later = in -> {
            Terms all = terms.apply(in);
            return new Terms(all.q, all.k.mul(Beside.written(in, first)), all.logDecay, all.logInput);
        };
        return new MemoryMixer(
                spec, dims, parameters, dims.keyHeads(), features, Normaliser.SUM_OR_NOTHING, later, Ending.NONE);
    }

    /** One as wide as a head, with what the rival puts behind it. */
    static MemoryMixer of(
            MemorySpec spec,
            HeadDims dims,
            Map<String, Tensor> parameters,
            int memories,
            Normaliser normaliser,
            Function<MixerInput, Terms> terms) {
        Ending ending = spec.ending().of(parameters);
        return new MemoryMixer(spec, dims, parameters, memories, dims.headWidth(), normaliser, terms, ending);
    }

    /** Terms whose weights do not pass 1, and what they are divided by. */
    private record Bounded(
            Terms terms, @Nullable Tensor largest, @Nullable Tensor before) {
        /** @param before m of the token before the first [B, M, 1] */
        static Bounded of(Terms terms, @Nullable Tensor before) {
            Tensor input = terms.logInput;
            Tensor decay = terms.logDecay;
            if (input == null || decay == null || before == null) {
                return new Bounded(terms, null, null);
            }
            Tensor sum = decay.detach().to(DType.FLOAT64).cumsum(-1); // [B, M, T]
            Tensor wide = before.to(DType.FLOAT64);
            Tensor most =
                    runningMaximum(input.detach().to(DType.FLOAT64).sub(sum)).maximum(wide);
            Tensor largest = most.add(sum); // m_t
            Tensor previous = Tensors.cat(-1, wide, largest.narrow(-1, 0, largest.size(-1) - 1));
            Tensor g = decay.add(previous.sub(largest).to(decay.dtype()));
            Tensor i = input.sub(largest.to(input.dtype())).exp();
            return new Bounded(
                    new Terms(terms.q, terms.k.mul(i.unsqueeze(-1)), g, null), largest.to(decay.dtype()), before);
        }

        /** By doubling: the largest of all up to each, along the last axis. */
        private static Tensor runningMaximum(Tensor x) {
            Tensor most = x;
            for (long by = 1; by < x.size(-1); by *= 2) {
                Tensor earlier = most.narrow(-1, 0, x.size(-1) - by).pad(Double.NEGATIVE_INFINITY, by, 0);
                most = most.maximum(earlier);
            }
            return most;
        }
    }

    @Override
    public Tensor parallel(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            return scope.promote(original.narrowed(ending.after(in, mixed(in))));
        }
    }

    /** Of values of any width [B, H, T, e]. */
    private Tensor mixed(MixerInput in) {
        Bounded b = Bounded.of(terms.apply(in), start(in));
        Documents apart = Documents.of(in.at().documents(), 0);
        Tensor y = MatrixMemory.parallel(
                b.terms.q, perHead(b.terms.k), perHead(values(in)), gates(b.terms.logDecay), apart);
        return ending.skipped(in, divided(y, b));
    }

    private Tensor start(MixerInput in) {
        return Tensors.zeros(in.q().dtype(), in.q().device(), in.batch(), memories, 1);
    }

    @Override
    public Tensor ended(MixerInput in, Tensor mixed) {
        return ending.after(in, mixed);
    }

    @Override
    public Tensor materialize(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            return scope.promote(original.narrowed(mixed(in.withValues(in.units()))));
        }
    }

    @Override
    public MixerState newState(int batch, DType dtype, Device device) {
        MixerState state = new MixerState();
        DType type = Mixer.computing(dtype);
        long width = dims.headWidth() + (normaliser == Normaliser.NONE ? 0L : 1);
        state.put(LinearBranch.MEMORY, Tensors.zeros(type, device, batch, memories, features, width));
        if (normaliser == Normaliser.BOUNDED) {
            state.put(LARGEST, Tensors.zeros(type, device, batch, memories, 1));
        }
        return state;
    }

    private @Nullable Tensor largest(MixerState state) {
        return normaliser == Normaliser.BOUNDED ? state.get(LARGEST) : null;
    }

    @Override
    public Tensor chunk(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Bounded b = Bounded.of(terms.apply(in), largest(state));
            MatrixMemory.Result result = MatrixMemory.chunk(
                    b.terms.q,
                    perHead(b.terms.k),
                    perHead(values(in)),
                    gates(b.terms.logDecay),
                    perHead(state.get(LinearBranch.MEMORY)),
                    Documents.of(in.at().documents(), 0));
            Tensor y = ending.after(in, ending.skipped(in, divided(result.y(), b)));
            LinearBranch.keep(state, ofMemories(result.memory()));
            if (b.largest != null) {
                LinearBranch.keep(state, LARGEST, b.largest.narrow(-1, in.tokens() - 1, 1));
            }
            return scope.promote(original.narrowed(y));
        }
    }

    @Override
    public Tensor step(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Bounded b = Bounded.of(terms.apply(in), largest(state));
            Tensor memory = state.get(LinearBranch.MEMORY);
            Tensor q = b.terms.q.reshape(in.batch(), memories, (long) dims.heads() / memories, features);
            Tensor read = MatrixMemory.step(q, b.terms.k, values(in), b.terms.logDecay, memory);
            Tensor y = divided(read.reshape(in.batch(), dims.heads(), 1, read.size(3)), b);
            if (b.largest != null) {
                state.get(LARGEST).copy_(b.largest);
            }
            return scope.promote(original.narrowed(ending.after(in, ending.skipped(in, y))));
        }
    }

    private Tensor values(MixerInput in) {
        return normaliser == Normaliser.NONE ? in.v() : LinearBranch.counted(in.v()); // [B, G, T, e | e + 1]
    }

    private Tensor divided(Tensor y, Bounded b) {
        if (normaliser == Normaliser.NONE) {
            return y;
        }
        PartialAttention read = LinearBranch.split(y);
        if (b.largest == null) {
            return normaliser == Normaliser.SUM ? read.divided() : read.dividedOrZero();
        }
        Tensor least = perHead(b.largest).neg().exp().unsqueeze(-1); // 1 / exp(m)
        return read.numerator().div(read.mass().abs().maximum(least));
    }

    private @Nullable Tensor gates(@Nullable Tensor gates) {
        return gates == null ? null : perHead(gates);
    }

    private Tensor perHead(Tensor x) {
        return x.size(1) == dims.heads() ? x : x.repeatInterleave(dims.group(), 1);
    }

    /** Of memories [B, H, f, e] that are equal for the heads of a group: [B, M, f, e]. */
    private Tensor ofMemories(Tensor memory) {
        return memories == dims.heads()
                ? memory
                : memory.view(memory.size(0), memories, dims.group(), memory.size(2), memory.size(3))
                        .select(2, 0);
    }
}
