package dev.lizard.tensor.kernel;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.Card;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.cuda.KernelSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The Lizard mixer over whole sequences on CUDA, forward, in one kernel ({@code lizard_forward.cu}, whose head explains
 * it): products in bfloat16 with float32 sums. No gradients pass through it; what a backward pass needs can be kept.
 */
public final class LizardForward {
    private static final Map<Made, LizardForward> MADE = new ConcurrentHashMap<>();

    private record Made(KernelSource source, Device device) {}

    /**
     * What is kept for the backward pass.
     *
     * @param maximum m, the row maxima of the window, sink included [B, H, T], float32
     * @param inverse one over each row's normaliser, likewise
     * @param argmax row of k that has the maximum, −1 for the sink: int32 in memory that is declared float32
     */
    public record Saved(Tensor maximum, Tensor inverse, Tensor argmax) {}

    /**
     * What a run leaves.
     *
     * @param y [B, H, T, d] in the dtype of q, a view of [B, T, H, d]
     * @param state memory after the last token [B, H, 2F, d + 1], float32, if asked for
     */
    public record Result(
            Tensor y, @Nullable Saved saved, @Nullable Tensor state) {}

    private final Kernel forward;
    private final Kernel states;
    private final int multiprocessors;

    private LizardForward(Made made) {
        forward = Kernel.of(made.source, "lizard_forward", made.device);
        states = Kernel.of(made.source, "lizard_states", made.device);
        multiprocessors = Card.of(made.device).multiprocessors();
    }

    /**
     * Whether the kernel takes over a model of this type with these sizes on {@code device}.
     *
     * @param width d
     * @param halfFeatures f/2
     * @param window w
     */
    public static boolean serves(Device device, DType model, int width, int halfFeatures, int window) {
        return Kernel.fits(device, need(model, width, halfFeatures, window));
    }

    /** Why not; empty where it does. */
    public static Optional<String> refusal(Device device, DType model, int width, int halfFeatures, int window) {
        return Kernel.refusal(device, need(model, width, halfFeatures, window));
    }

    /** It multiplies in bfloat16, so only models of that type are given to it. */
    static KernelNeed need(DType model, int width, int halfFeatures, int window) {
        LizardSizes sizes = new LizardSizes(width, halfFeatures, window);
        return KernelNeed.of(KernelPart.LIZARD_FORWARD, sizes.forwardShared())
                .onlyIf(
                        model == DType.BFLOAT16 && sizes.served(),
                        "d 64 or 128, f 64 or 128 (256 with d 64), w 64 to 128 in steps of 16, in bfloat16");
    }

    /**
     * Runs the kernel on libtorch's current stream.
     *
     * @param save whether to keep what the backward pass needs
     * @param wantState whether to return the memory after the last token
     * @throws LizardException ENVIRONMENT if the kernel cannot be compiled
     */
    public static Result run(LizardInputs in, boolean save, boolean wantState) {
        KernelSource source = in.defined(KernelSource.of("lizard_forward.cu"));
        Made made = new Made(save ? source.define("SAVE", 1) : source, in.q().device());
        return MADE.computeIfAbsent(made, LizardForward::new).launch(in, save, wantState);
    }

    private Result launch(LizardInputs in, boolean save, boolean wantState) {
        try (Scope scope = Scope.open()) {
            LizardSizes sizes = in.sizes();
            Device device = in.q().device();
            int batch = in.batch();
            int heads = in.heads();
            int tokens = in.tokens();
            Tensor y = Tensors.empty(in.q().dtype(), device, batch, tokens, heads, sizes.width())
                    .transpose(1, 2); // [B, H, T, d]
            Saved saved = save ? new Saved(row(in, device), row(in, device), row(in, device)) : null;
            Tensor state = wantState
                    ? Tensors.empty(DType.FLOAT32, device, batch, heads, 2L * sizes.halfFeatures(), sizes.width() + 1L)
                    : null;
            int length = sizes.stretch(multiprocessors, batch * heads, tokens);
            int stretches = Math.ceilDiv(tokens, length);
            Tensor carry = stretches == 1
                    ? null
                    : Tensors.empty(DType.FLOAT32, device, (long) batch * heads * (stretches - 1), sizes.carryFloats());
            int shared = sizes.forwardShared();
            Dim block = Dim.of(sizes.threads());
            Tensor k = in.k();
            Tensor v = in.v();
            if (carry != null) {
                states.launch(
                        Dim.of(batch * heads * (stretches - 1)),
                        block,
                        shared,
                        k,
                        v,
                        in.logGate(),
                        in.keyMap(),
                        in.state(),
                        carry,
                        in.documents(),
                        heads,
                        in.group(),
                        tokens,
                        in.past(),
                        stretches,
                        length,
                        stride(k, 0),
                        stride(k, 2),
                        stride(k, 1),
                        stride(v, 0),
                        stride(v, 2),
                        stride(v, 1));
            }
            Tensor q = in.q();
            forward.launch(
                    Dim.of(batch * heads * stretches),
                    block,
                    shared,
                    q,
                    k,
                    v,
                    y,
                    in.cos(),
                    in.sin(),
                    in.logGate(),
                    in.sink(),
                    in.share(),
                    in.queryMap(),
                    in.keyMap(),
                    in.state(),
                    state,
                    saved == null ? null : saved.maximum,
                    saved == null ? null : saved.inverse,
                    saved == null ? null : saved.argmax,
                    in.documents(),
                    carry,
                    heads,
                    in.group(),
                    tokens,
                    in.past(),
                    stretches,
                    length,
                    stride(in.cos(), 0),
                    stride(q, 0),
                    stride(q, 2),
                    stride(q, 1),
                    stride(k, 0),
                    stride(k, 2),
                    stride(k, 1),
                    stride(v, 0),
                    stride(v, 2),
                    stride(v, 1),
                    stride(y, 0),
                    stride(y, 2),
                    stride(y, 1));
            scope.promote(y);
            if (saved != null) {
                scope.promote(saved.maximum);
                scope.promote(saved.inverse);
                scope.promote(saved.argmax);
            }
            return new Result(y, saved, state == null ? null : scope.promote(state));
        }
    }

    private static Tensor row(LizardInputs in, Device device) {
        return Tensors.empty(DType.FLOAT32, device, in.batch(), in.heads(), in.tokens());
    }

    private static int stride(Tensor x, int axis) {
        return Math.toIntExact(x.stride(axis));
    }
}
