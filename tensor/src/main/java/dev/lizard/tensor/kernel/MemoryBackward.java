package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.Card;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of {@link MemoryForward} in three kernels ({@code memory.cu}, whose head explains them): products in
 * bfloat16 with float32 sums, no atomic operation, so the same inputs give the same bits. States are computed again
 * rather than kept.
 */
public final class MemoryBackward {
    private static final int THREADS = 128;
    private static final Map<Made, MemoryBackward> MADE = new ConcurrentHashMap<>();

    private record Made(KernelSource source, Device device) {}

    /**
     * Gradients of what {@link MemoryForward} returned.
     *
     * @param y [B, H, T, d]
     * @param mass [B, H, T], float32, contiguous, or null if it was not counted or not used
     * @param state of S after the last token, as {@link MemoryInputs#state}, or null if it was not used
     */
    public record Given(
            Tensor y, @Nullable Tensor mass, @Nullable Tensor state) {}

    /**
     * Gradients, each in the shape of what it belongs to.
     *
     * @param q [B, H, T, f], bfloat16, a view of [B, T, H, f], as are k and v
     * @param k [B, H, T, f]
     * @param v [B, G, T, d]
     * @param logGate as the log-gates, float32, 0 where they are below −30; null without gates
     * @param state of S before the first token, float32, null without one
     */
    public record Slopes(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable Tensor logGate,
            @Nullable Tensor state) {}

    private final Kernel states;
    private final Kernel gradients;
    private final Kernel groups;
    private final int multiprocessors;

    private MemoryBackward(Made made) {
        states = Kernel.of(made.source, "memory_states", made.device);
        gradients = Kernel.of(made.source, "memory_gradients", made.device);
        groups = Kernel.of(made.source, "memory_groups", made.device);
        multiprocessors = Card.of(made.device).multiprocessors();
    }

    /**
     * Runs the kernels on libtorch's current stream.
     *
     * @param in what the forward pass read
     * @throws dev.lizard.base.LizardException ENVIRONMENT if the kernels cannot be compiled
     */
    public static Slopes run(MemoryInputs in, Given given) {
        Made made = new Made(in.source(), in.q().device());
        return MADE.computeIfAbsent(made, MemoryBackward::new).launch(in, given);
    }

    private Slopes launch(MemoryInputs in, Given given) {
        try (Scope scope = Scope.open()) {
            int batch = in.batch();
            int heads = in.heads();
            int valueHeads = in.valueHeads();
            int tokens = in.tokens();
            int chunks = in.chunks();
            MemorySizes sizes = in.sizes();
            Device device = in.q().device();
            Tensor dy = AlignedRows.of(given.y.to(DType.BFLOAT16));
            Tensor dmass = !in.counted()
                    ? null
                    : given.mass != null
                            ? given.mass.contiguous()
                            : Tensors.zeros(DType.FLOAT32, device, batch, heads, tokens);
            Tensor dq = bf16(device, batch, tokens, heads, sizes.features());
            Tensor dk = bf16(device, batch, tokens, heads, sizes.features());
            Tensor dv = bf16(device, batch, tokens, valueHeads, sizes.width());
            Tensor dgate = like(in.logGate(), device);
            Tensor dstate = like(in.state(), device);
            boolean grouped = valueHeads < heads;
            Tensor perHead = grouped ? bf16(device, batch, tokens, heads, sizes.width()) : null;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment problem = new ProblemWords(arena, MemorySizes.PROBLEM_BYTES)
                        .pointers(in.q(), in.k(), in.v(), dy, in.logGate(), dmass, in.state())
                        .pointers(given.state == null ? null : given.state.contiguous())
                        .pointers(null, null, null, dstate, dq, dk, dv, dgate)
                        .pointers(MemoryForward.images(in, device), MemoryForward.images(in, device))
                        .pointers(MemoryForward.sums(in, device), MemoryForward.sums(in, device), perHead)
                        .strides(in.q())
                        .strides(in.k())
                        .strides(in.v())
                        .strides(dy)
                        .ints(batch, tokens, heads, valueHeads, chunks, 0)
                        .done();
                Dim block = Dim.of(THREADS);
                states.launch(Dim.of(2 * sizes.parts(), heads, batch), block, sizes.states(), problem);
                gradients.launch(Dim.of(chunks, heads, batch), block, sizes.gradients(), problem);
                if (grouped) {
                    groups.launch(Dim.of(2 * multiprocessors), block, 0, problem);
                }
            }
            return new Slopes(
                    scope.promote(dq.transpose(1, 2)),
                    scope.promote(dk.transpose(1, 2)),
                    scope.promote(dv.transpose(1, 2)),
                    dgate == null ? null : scope.promote(dgate),
                    dstate == null ? null : scope.promote(dstate));
        }
    }

    private static Tensor bf16(Device device, long... shape) {
        return Tensors.empty(DType.BFLOAT16, device, shape);
    }

    private static @Nullable Tensor like(@Nullable Tensor x, Device device) {
        return x == null ? null : Tensors.empty(DType.FLOAT32, device, x.shape());
    }
}
