package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Exact attention to the last w and the first m tokens beside any memory that has no normaliser to share:
 *
 * <pre>
 *   y = a · softmax over the {@link KeyRing} + (1 − a) · memory        a one a head, or ½
 * </pre>
 *
 * <p>The memory holds every token but the first m, which it reads as if they had neither key nor value.
 *
 * @param memory the mixer beside
 * @param share logit of a [H], or null for ½
 */
record Beside(
        MixerSpec spec,
        HeadDims dims,
        Map<String, Tensor> parameters,
        Near near,
        KeyRing ring,
        Mixer memory,
        @Nullable Tensor share)
        implements Mixer {
    private record Later(int first, long tokens, DType dtype, Device device) {}

    @Override
    public Tensor parallel(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor exact = reads(Branches.LINEAR) ? null : exact(in);
            Tensor far = reads(Branches.WINDOW) ? null : memory.parallel(later(in));
            return scope.promote(original.narrowed(joined(exact, far)));
        }
    }

    /** Softmax over what is near of whole sequences, all pairs. */
    private Tensor exact(MixerInput in) {
        return ring.parallel(in.at().turn(in.q()), in.at().turn(in.k()), in.v(), null, documents(in))
                .divided();
    }

    /** Of the window, and of the memory before what follows it. */
    @Override
    public Tensor materialize(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor exact = reads(Branches.LINEAR) ? null : exact(in.withValues(in.units()));
            Tensor far = reads(Branches.WINDOW) ? null : memory.materialize(later(in));
            if (far != null && ring.first() > 0) {
                far = far.mul(written(in, ring.first()).transpose(-1, -2)); // values that were left out
            }
            return scope.promote(original.narrowed(joined(exact, far)));
        }
    }

    /** Nothing can be said of both together where the memory alone has an end. */
    @Override
    public Tensor ended(MixerInput in, Tensor mixed) {
        return reads(Branches.LINEAR) ? memory.ended(later(in), mixed) : mixed;
    }

    @Override
    public Map<String, Tensor> parts(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor exact = exact(in);
            Tensor far = memory.parallel(later(in));
            Tensor a = share(exact);
            Map<String, Tensor> parts = new LinkedHashMap<>();
            parts.put("near", near.branches() == Branches.LINEAR ? exact.mul(0) : exact.mul(a));
            parts.put(
                    "far",
                    near.branches() == Branches.WINDOW
                            ? far.mul(0)
                            : far.mul(a.neg().add(1)));
            parts.replaceAll((name, part) -> scope.promote(original.narrowed(part)));
            return parts;
        }
    }

    @Override
    public MixerState newState(int batch, DType dtype, Device device) {
        MixerState state = memory.newState(batch, dtype, device);
        try (Scope work = Scope.open()) {
            ring.create(state, dims, batch, dtype, device);
        }
        return state;
    }

    @Override
    public Tensor chunk(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            documents(in);
            Tensor far = memory.chunk(later(in), state);
            Tensor exact =
                    ring.attend(state, in.at(), in.at().turn(in.q()), in.at().turn(in.k()), in.v());
            return scope.promote(original.narrowed(joined(exact, far)));
        }
    }

    @Override
    public Tensor step(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor far = memory.step(later(in), state);
            Tensor exact = ring.step(
                            state, in.at(), in.at().turn(in.q()), in.at().turn(in.k()), in.v(), null)
                    .divided();
            return scope.promote(original.narrowed(joined(exact, far)));
        }
    }

    private boolean reads(Branches alone) {
        return near.branches() == alone;
    }

    private Tensor joined(@Nullable Tensor exact, @Nullable Tensor far) {
        if (far == null || reads(Branches.WINDOW)) {
            return some(exact);
        }
        if (exact == null || reads(Branches.LINEAR)) {
            return some(far);
        }
        return far.add(exact.sub(far).mul(share(exact)));
    }

    private static Tensor some(@Nullable Tensor branch) {
        if (branch == null) {
            throw new IllegalStateException("a branch that is asked for was not computed");
        }
        return branch;
    }

    /** a, broadcast over [B, H, T, 1]. */
    private Tensor share(Tensor like) {
        return share == null
                ? Tensors.full(0.5, like.dtype(), like.device(), 1, 1, 1, 1)
                : share.to(like.dtype()).sigmoid().view(1, dims.heads(), 1, 1);
    }

    private @Nullable Tensor documents(MixerInput in) {
        if (in.at().documents() != null && ring.first() > 0) {
            throw new IllegalArgumentException(spec.mixer() + " with first tokens does not keep documents apart");
        }
        return in.at().documents();
    }

    /** The tokens after the first m. */
    private MixerInput later(MixerInput in) {
        if (ring.first() == 0) {
            return in;
        }
        Tensor mask = written(in, ring.first());
        return new MixerInput(in.x(), in.q(), in.k().mul(mask), in.v().mul(mask), in.at());
    }

    /** 0 for the first m tokens, which no memory holds, 1 for others: [B | 1, 1, T, 1]. */
    static Tensor written(MixerInput in, int first) {
        DType dtype = in.q().dtype();
        Device device = in.q().device();
        return in.at()
                .shared(
                        new Later(first, in.tokens(), dtype, device),
                        () -> Tensors.arange(0, in.tokens(), device)
                                .add(in.at().read(device).unsqueeze(-1))
                                .ge((double) first)
                                .to(dtype)
                                .view(-1, 1, in.tokens(), 1));
    }
}
