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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of {@link LizardForward}, joint form, in six or seven kernels ({@code lizard_backward.cu}, whose head explains them):
 * products in bfloat16 with float32 sums, no atomic operation, so the same inputs give the same bits.
 */
public final class LizardBackward {
    private static final int THREADS = 128;
    private static final Map<Made, LizardBackward> MADE = new ConcurrentHashMap<>();

    private record Made(KernelSource source, Device device) {}

    /**
     * Gradients, each in the shape of what it belongs to.
     *
     * @param q [B, H, T, d] in the dtype of q, a view of [B, T, H, d], as are k and v
     * @param k [B, G, T, d]
     * @param v [B, G, T, d]
     * @param logGate [B, H, T], float32, of the clamped log-gates
     * @param sink [H], float32, or null without sinks
     * @param share [H], float32, of e itself, not of its logarithm
     * @param queryMap [H, d, f/2], float32
     * @param keyMap [H, d, f/2], float32
     */
    public record Slopes(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor logGate,
            @Nullable Tensor sink,
            Tensor share,
            Tensor queryMap,
            Tensor keyMap) {
        /** In the order of the components; without sinks there is none among them. */
        public List<Tensor> all() {
            return sink == null
                    ? List.of(q, k, v, logGate, share, queryMap, keyMap)
                    : List.of(q, k, v, logGate, sink, share, queryMap, keyMap);
        }
    }

    private final Kernel stretches;
    private final Kernel states;
    private final Kernel queries;
    private final Kernel settle;
    private final Kernel keys;
    private final Kernel maps;
    private final Kernel sums;
    private final int multiprocessors;

    private LizardBackward(Made made) {
        stretches = Kernel.of(made.source, "lizard_backward_stretches", made.device);
        states = Kernel.of(made.source, "lizard_backward_states", made.device);
        queries = Kernel.of(made.source, "lizard_backward_queries", made.device);
        settle = Kernel.of(made.source, "lizard_backward_settle", made.device);
        keys = Kernel.of(made.source, "lizard_backward_keys", made.device);
        maps = Kernel.of(made.source, "lizard_backward_maps", made.device);
        sums = Kernel.of(made.source, "lizard_backward_sums", made.device);
        multiprocessors = Card.of(made.device).multiprocessors();
    }

    /** Whether the kernels serve heads of width d and f/2 = {@code halfFeatures} on {@code device}; the window may be any. */
    public static boolean serves(Device device, int width, int halfFeatures) {
        return Kernel.fits(device, need(width, halfFeatures));
    }

    /** Why not; empty where they do. */
    public static Optional<String> refusal(Device device, int width, int halfFeatures) {
        return Kernel.refusal(device, need(width, halfFeatures));
    }

    static KernelNeed need(int width, int halfFeatures) {
        return KernelNeed.of(KernelPart.LIZARD_BACKWARD, new BackwardSizes(width, halfFeatures).most())
                .onlyIf(
                        (width == 64 || width == 128)
                                && halfFeatures >= 32
                                && halfFeatures <= 128
                                && halfFeatures % 32 == 0,
                        "d 64 or 128, f 64 to 256 in steps of 64");
    }

    /**
     * Runs the kernels on libtorch's current stream.
     *
     * @param in what the forward pass read, without tokens before the first query and without a state, joint form
     * @param y what it returned [B, H, T, d]
     * @param saved what it kept
     * @param dy gradient of y, likewise
     * @throws LizardException ENVIRONMENT if the kernels cannot be compiled
     */
    public static Slopes run(LizardInputs in, Tensor y, LizardForward.Saved saved, Tensor dy) {
        if (in.join() != LizardInputs.Join.JOINT || in.past() != 0 || in.state() != null) {
            throw new IllegalArgumentException(
                    "gradients of the %s form with %d earlier tokens%s: only the joint form over whole sequences has them"
                            .formatted(in.join(), in.past(), in.state() == null ? "" : " and a state"));
        }
        KernelSource source = KernelSource.of("lizard_backward.cu")
                .define("D", in.q().size(3))
                .define("HALF_F", in.queryMap().size(2))
                .define("MAP_FLOAT", in.queryMap().dtype() == DType.FLOAT32 ? 1 : 0);
        KernelSource masked = in.documents() == null ? source : source.define("DOCUMENTS", 1);
        LizardBackward made = MADE.computeIfAbsent(new Made(masked, in.q().device()), LizardBackward::new);
        try (Scope scope = Scope.open()) {
            DType dtype = in.q().dtype();
            Slopes slopes = made.launch(in, bf16(in.q()), bf16(in.k()), bf16(in.v()), bf16(y), bf16(dy), saved);
            Slopes all = new Slopes(
                    slopes.q.to(dtype),
                    slopes.k.to(dtype),
                    slopes.v.to(dtype),
                    slopes.logGate,
                    slopes.sink,
                    slopes.share,
                    slopes.queryMap,
                    slopes.keyMap);
            all.all().forEach(scope::promote);
            return all;
        }
    }

    private static Tensor bf16(Tensor x) {
        return AlignedRows.of(x.to(DType.BFLOAT16));
    }

    private Slopes launch(
            LizardInputs in, Tensor q, Tensor k, Tensor v, Tensor y, Tensor dy, LizardForward.Saved saved) {
        int batch = in.batch();
        int heads = in.heads();
        int tokens = in.tokens();
        int window = in.window();
        int keyHeads = heads / in.group();
        int width = (int) q.size(3);
        int halfFeatures = (int) in.queryMap().size(2);
        BackwardSizes sizes = new BackwardSizes(width, halfFeatures);
        int chunks = Math.ceilDiv(tokens, LizardSizes.CHUNK);
        int keyChunks = (tokens - 1 + window) / LizardSizes.CHUNK + 1;
        int parts = Math.max(1, Math.min(batch * chunks, 2 * multiprocessors / heads + 1));
        int cuts = sizes.stretches(multiprocessors, batch * heads, chunks);
        Memory on = new Memory(q.device());
        Tensor sink = in.sink();
        int beside = AlignedRows.shared(q, k, v);
        Tensor rows = beside == 0 ? null : on.bf16(batch, tokens, beside);
        Slopes out = new Slopes(
                on.heads(rows, 0, batch, tokens, heads, width),
                on.heads(rows, (long) heads * width, batch, tokens, keyHeads, width),
                on.heads(rows, (long) (heads + keyHeads) * width, batch, tokens, keyHeads, width),
                on.full(batch, heads, tokens),
                sink == null ? null : on.full(heads),
                on.full(heads),
                on.full(heads, width, halfFeatures),
                on.full(heads, width, halfFeatures));
        boolean grouped = in.group() > 1;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment problem = new ProblemWords(arena, BackwardSizes.PROBLEM_BYTES)
                    .pointers(q, k, v, y, dy, in.cos(), in.sin(), in.logGate(), sink, in.share())
                    .pointers(
                            saved.maximum(),
                            saved.inverse(),
                            saved.argmax(),
                            in.documents(),
                            in.queryMap(),
                            in.keyMap())
                    .pointers(out.q, out.k, out.v, out.logGate, out.sink, out.share, out.queryMap, out.keyMap)
                    .pointers(on.bf16(batch, heads, tokens, width), on.bf16(batch, keyHeads, tokens, width))
                    .pointers(on.bf16(batch, heads, chunks, 2L * halfFeatures, width))
                    .pointers(on.bf16(batch, heads, chunks, 2L * halfFeatures, width))
                    .pointers(
                            on.full(batch, heads, chunks, 2L * halfFeatures),
                            on.full(batch, heads, chunks, 2L * halfFeatures))
                    .pointers(on.full(batch, heads, tokens), on.full(batch, heads, tokens, 4))
                    .pointers(on.full(batch, heads, tokens), on.full(batch, heads, chunks))
                    .pointers(on.full(batch, heads, chunks), on.full(batch, heads, chunks, 2L * halfFeatures))
                    .pointers(on.bf16(batch, heads, tokens, halfFeatures), on.bf16(batch, heads, tokens, halfFeatures))
                    .pointers(grouped ? on.bf16(batch, tokens, heads, width) : null)
                    .pointers(grouped ? on.bf16(batch, tokens, heads, width) : null)
                    .pointers(on.full(heads, batch, chunks), on.full(heads, batch, chunks))
                    .pointers(on.full(2, parts, heads, width, halfFeatures))
                    .pointers(cuts > 1 ? on.full(2, batch, heads, cuts - 1L, sizes.carry()) : null)
                    .strides(q)
                    .strides(k)
                    .strides(v)
                    .strides(y)
                    .strides(dy)
                    .ints(batch, tokens, heads, keyHeads, window, window, chunks, keyChunks, parts)
                    .ints(cuts, Math.toIntExact(in.cos().stride(0)), beside)
                    .done();
            Dim block = Dim.of(THREADS);
            if (cuts > 1) {
                stretches.launch(Dim.of(2 * (cuts - 1), heads, batch), block, sizes.states(), problem);
            }
            states.launch(Dim.of(2 * cuts, heads, batch), block, sizes.states(), problem);
            queries.launch(Dim.of(chunks, heads, batch), block, sizes.pairs(), problem);
            settle.launch(Dim.of(Math.ceilDiv(batch * heads * 2 * halfFeatures, THREADS)), block, 0, problem);
            keys.launch(Dim.of(keyChunks, heads, batch), block, sizes.pairs(), problem);
            maps.launch(Dim.of(parts, heads, 2), block, sizes.maps(), problem);
            sums.launch(Dim.of(8 * multiprocessors, grouped ? 2 : 1), block, 0, problem);
        }
        return out;
    }

    /** Where results and workspace lie. */
    private record Memory(Device device) {
        Tensor bf16(long... shape) {
            return Tensors.empty(DType.BFLOAT16, device, shape);
        }

        /** [B, n, T, d] of its own, or a part of {@code rows} [B, T, S] from {@code first} on. */
        Tensor heads(@Nullable Tensor rows, long first, long batch, long tokens, long n, long width) {
            return (rows == null ? bf16(batch, tokens, n, width) : rows.narrow(2, first, n * width))
                    .view(batch, tokens, n, width)
                    .transpose(1, 2);
        }

        Tensor full(long... shape) {
            return Tensors.empty(DType.FLOAT32, device, shape);
        }
    }
}
