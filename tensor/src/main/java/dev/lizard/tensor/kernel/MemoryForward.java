package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The matrix memory over whole sequences on CUDA, forward, in two kernels ({@code memory.cu}, whose head explains them):
 * products in bfloat16 with float32 sums. No gradients pass through it; {@link MemoryBackward} has them.
 */
public final class MemoryForward {
    private static final int THREADS = 128;
    private static final Map<Made, MemoryForward> MADE = new ConcurrentHashMap<>();

    private record Made(KernelSource source, Device device) {}

    /**
     * What a run leaves.
     *
     * @param y [B, H, T, d], bfloat16, a view of [B, T, H, d]
     * @param mass the normaliser q_t · z_t [B, H, T], float32, if counted; nothing is divided by it
     * @param state S after the last token, as {@link MemoryInputs#state}, if asked for
     */
    public record Result(
            Tensor y, @Nullable Tensor mass, @Nullable Tensor state) {}

    private final Kernel states;
    private final Kernel outputs;

    private MemoryForward(Made made) {
        states = Kernel.of(made.source, "memory_states", made.device);
        outputs = Kernel.of(made.source, "memory_outputs", made.device);
    }

    /**
     * Runs the kernels on libtorch's current stream.
     *
     * @param wantState whether to return S after the last token
     * @throws dev.lizard.base.LizardException ENVIRONMENT if the kernels cannot be compiled
     */
    public static Result run(MemoryInputs in, boolean wantState) {
        Made made = new Made(in.source(), in.q().device());
        return MADE.computeIfAbsent(made, MemoryForward::new).launch(in, wantState);
    }

    private Result launch(MemoryInputs in, boolean wantState) {
        try (Scope scope = Scope.open()) {
            int batch = in.batch();
            int heads = in.heads();
            int tokens = in.tokens();
            int chunks = in.chunks();
            MemorySizes sizes = in.sizes();
            Device device = in.q().device();
            Tensor y = Tensors.empty(DType.BFLOAT16, device, batch, tokens, heads, sizes.width())
                    .transpose(1, 2); // [B, H, T, d]
            Tensor mass = in.counted() ? Tensors.empty(DType.FLOAT32, device, batch, heads, tokens) : null;
            Tensor state = wantState
                    ? Tensors.empty(DType.FLOAT32, device, batch, heads, sizes.features(), in.columns())
                    : null;
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment problem = new ProblemWords(arena, MemorySizes.PROBLEM_BYTES)
                        .pointers(in.q(), in.k(), in.v(), null, in.logGate(), null, in.state(), null)
                        .pointers(y, mass, state, null, null, null, null, null)
                        .pointers(images(in, device), null, sums(in, device), null, null)
                        .strides(in.q())
                        .strides(in.k())
                        .strides(in.v())
                        .strides(in.v())
                        .ints(batch, tokens, heads, in.valueHeads(), chunks, 0)
                        .done();
                Dim block = Dim.of(THREADS);
                states.launch(Dim.of(sizes.parts(), heads, batch), block, sizes.states(), problem);
                outputs.launch(Dim.of(chunks, heads, batch), block, sizes.outputs(), problem);
            }
            return new Result(
                    scope.promote(y),
                    mass == null ? null : scope.promote(mass),
                    state == null ? null : scope.promote(state));
        }
    }

    /** Place of a state a chunk [B, H, N, f, d], bfloat16. */
    static Tensor images(MemoryInputs in, Device device) {
        MemorySizes sizes = in.sizes();
        return Tensors.empty(
                DType.BFLOAT16, device, in.batch(), in.heads(), in.chunks(), sizes.features(), sizes.width());
    }

    /** And of their columns of sums [B, H, N, f], float32, if counted. */
    static @Nullable Tensor sums(MemoryInputs in, Device device) {
        return in.counted()
                ? Tensors.empty(
                        DType.FLOAT32,
                        device,
                        in.batch(),
                        in.heads(),
                        in.chunks(),
                        in.sizes().features())
                : null;
    }
}
