package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelSource;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The struct that the kernels of {@code slots.cu} take, and their launches. */
final class SlotProblem {
    /** Its pointers, in order. */
    enum Member {
        Q,
        K,
        V,
        DY,
        COSINE,
        SINE,
        SINK,
        SCORES,
        TURNED_Q,
        TURNED_K,
        OLD_K,
        OLD_V,
        Y,
        LSE,
        DELTA,
        UNTIL,
        LISTS,
        LENGTHS,
        ORDER,
        SLOPE_K,
        SLOPE_V,
        DQ,
        DK,
        DV,
        MOST
    }

    private record Made(String function, int width, Device device) {}

    private static final Map<Made, Kernel> MADE = new ConcurrentHashMap<>();

    private final SlotInputs in;
    private final int window;
    private final int beside;
    private final Map<Member, Tensor> members = new EnumMap<>(Member.class);

    /** @param window w, which may differ from that of {@code in} */
    SlotProblem(SlotInputs in, int window) {
        this.in = in;
        this.window = window;
        this.beside = AlignedRows.shared(in.q(), in.k(), in.v());
        put(Member.Q, in.q()).put(Member.K, in.k()).put(Member.V, in.v());
        put(Member.COSINE, in.cos()).put(Member.SINE, in.sin());
    }

    SlotProblem put(Member member, @Nullable Tensor tensor) {
        if (tensor != null) {
            members.put(member, tensor);
        }
        return this;
    }

    /** The same with another window. */
    SlotProblem within(int other) {
        SlotProblem same = new SlotProblem(in, other);
        same.members.putAll(members);
        return same;
    }

    private Tensor fresh(Member member, DType dtype, long... shape) {
        Tensor tensor = Tensors.empty(dtype, in.q().device(), shape);
        put(member, tensor);
        return tensor;
    }

    Tensor bf16(Member member, long... shape) {
        return fresh(member, DType.BFLOAT16, shape);
    }

    /**
     * Gradients of q, k and v [B, T, n, d]: side by side in rows like those that q, k and v share, if they do.
     *
     * @return in the order of the members
     */
    List<Tensor> slopes() {
        List<Member> of = List.of(Member.DQ, Member.DK, Member.DV);
        long batch = in.batch();
        long tokens = in.tokens();
        Tensor rows = beside == 0 ? null : Tensors.empty(DType.BFLOAT16, in.q().device(), batch, tokens, beside);
        List<Tensor> slopes = new ArrayList<>();
        long first = 0;
        for (Member member : of) {
            long heads = member == Member.DQ ? in.heads() : in.keyHeads();
            if (rows == null) {
                slopes.add(bf16(member, batch, tokens, heads, in.width()));
            } else {
                Tensor own = rows.narrow(2, first, heads * in.width()).view(batch, tokens, heads, in.width());
                put(member, own);
                slopes.add(own);
            }
            first += heads * in.width();
        }
        return slopes;
    }

    Tensor full(Member member, long... shape) {
        return fresh(member, DType.FLOAT32, shape);
    }

    Tensor ints(Member member, long... shape) {
        return fresh(member, DType.INT32, shape);
    }

    void launch(String function, Dim grid, int threads, int shared) {
        Kernel kernel = MADE.computeIfAbsent(
                new Made(function, in.width(), in.q().device()),
                made -> Kernel.of(
                        KernelSource.of("slots.cu").define("D", made.width), "slots_" + made.function, made.device));
        Tensor dy = members.getOrDefault(Member.DY, in.q());
        try (Arena arena = Arena.ofConfined()) {
            ProblemWords words = new ProblemWords(arena, SlotSizes.PROBLEM_BYTES);
            for (Member member : Member.values()) {
                words.pointers(members.get(member));
            }
            kernel.launch(
                    grid,
                    Dim.of(threads),
                    shared,
                    words.strides(in.q())
                            .strides(in.k())
                            .strides(in.v())
                            .strides(dy)
                            .ints(in.batch(), in.tokens(), in.heads(), in.keyHeads(), window, in.first(), in.slots())
                            .ints(in.places(), Math.toIntExact(in.cos().stride(0)), in.rounded(), beside, 0)
                            .done());
        }
    }
}
