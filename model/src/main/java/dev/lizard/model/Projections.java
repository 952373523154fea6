package dev.lizard.model;

import dev.lizard.model.Linear.Update;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.LowRank;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Projections of one x [N, D] to heads, side by side, with one product for all of them and the first factors of their
 * low-rank updates:
 *
 * <pre>
 *   [y | h] = x [W; A]ᵀ        y ← y + h (s B)ᵀ        W [M, D], A [R, D], B [M, R]
 *   dh = dy (s B)              dx = [dy | dh] [W; A]        dA = dhᵀ x        dB = s dyᵀ h
 * </pre>
 *
 * <p>The rows of W and A are those of all projections; B has a block for each, the rest of it is zero. x is read once
 * and gets one gradient. Weights are frozen.
 */
final class Projections implements Tape.Operation {
    private final List<Linear> linears;
    private final long width;
    private final boolean through;
    private @Nullable Tensor stack;
    private LowRank.@Nullable Factors factors;
    private @Nullable Tensor low;

    private Projections(List<Linear> linears, long width, boolean through) {
        this.linears = linears;
        this.width = width;
        this.through = through;
    }

    /** Whether weights are frozen, biases absent, and all updates scaled alike. */
    static boolean serve(List<Linear> linears) {
        return linears.stream().allMatch(Linear::isFrozen)
                && updates(linears).mapToDouble(Update::scale).distinct().count() <= 1;
    }

    private static java.util.stream.Stream<Update> updates(List<Linear> linears) {
        return linears.stream().map(Linear::update).filter(Objects::nonNull);
    }

    /**
     * The projections' outputs as heads [B, n, T, d], views of memory that they share.
     *
     * @param x [B, T, D]
     * @param width of a head, d
     */
    static List<Tensor> of(Tensor x, List<Linear> linears, long width, Tape tape) {
        List<Tensor> inputs = new ArrayList<>(List.of(x));
        updates(linears).forEach(update -> {
            inputs.add(update.a());
            inputs.add(update.b());
        });
        return tape.apply(new Projections(linears, width, x.requiresGrad()), inputs);
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
        Tensor x = inputs.getFirst();
        List<Tensor> rows = new ArrayList<>();
        List<LowRank.Block> blocks = new ArrayList<>();
        long outputs = 0;
        for (Linear linear : linears) {
            rows.add(linear.weight().use());
            if (linear.update() != null) {
                int at = 1 + 2 * blocks.size();
                blocks.add(new LowRank.Block(inputs.get(at), inputs.get(at + 1), outputs));
            }
            outputs += linear.outputs();
        }
        LowRank.Factors added = blocks.isEmpty() ? null : LowRank.stack(blocks, scale(), outputs, x.dtype());
        if (added != null) {
            rows.add(added.down());
            kept.adopt(added.down());
            kept.adopt(added.up());
        }
        Tensor all = kept.adopt(Tensors.cat(rows, 0)); // [M + R, D]
        Tensor y = flat(x).linear(all, null); // [N, M + R]
        if (added != null) {
            Tensor h = kept.adopt(y.narrow(1, outputs, added.rank())); // [N, R]
            y.narrow(1, 0, outputs).addmm_(h, added.up().transpose(0, 1), 1, 1);
            low = h;
        }
        stack = all;
        factors = added;
        return heads(y.view(x.size(0), x.size(1), y.size(1)));
    }

    private double scale() {
        return updates(linears).findFirst().orElseThrow().scale();
    }

    private static Tensor flat(Tensor x) {
        return x.view(x.size(0) * x.size(1), x.size(2));
    }

    private List<Tensor> heads(Tensor y) {
        List<Tensor> heads = new ArrayList<>();
        long from = 0;
        for (Linear linear : linears) {
            long n = linear.outputs() / width;
            heads.add(y.narrow(2, from, linear.outputs())
                    .view(y.size(0), y.size(1), n, width)
                    .transpose(1, 2)
                    .detach());
            from += linear.outputs();
        }
        return heads;
    }

    @Override
    public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
        Tensor x = inputs.getFirst();
        if (stack == null) {
            throw new IllegalStateException("the gradient of projections before their forward pass");
        }
        Tensor d = joined(flat(x), gradients); // [N, M + R]
        List<@Nullable Tensor> result = new ArrayList<>();
        if (factors == null || low == null) {
            result.add(inputs(d, stack, x));
            return result;
        }
        long outputs = factors.up().size(0);
        Tensor dy = d.narrow(1, 0, outputs);
        Tensor dh = d.narrow(1, outputs, factors.rank()).addmm_(dy, factors.up(), 0, 1);
        result.add(inputs(d, stack, x)); // d is whole now
        Tensor down = dh.transpose(0, 1).matmul(flat(x)); // [R, D]
        Tensor up = Tensors.empty(x.dtype(), x.device(), outputs, factors.rank())
                .addmm_(dy.transpose(0, 1), low, 0, scale()); // [M, R]
        long rank = 0;
        for (LowRank.Block block : factors.blocks()) {
            result.add(down.narrow(0, rank, block.rank()));
            result.add(up.narrow(0, block.first(), block.outputs()).narrow(1, rank, block.rank()));
            rank += block.rank();
        }
        return result;
    }

    /** dx, where x has a gradient. */
    private @Nullable Tensor inputs(Tensor d, Tensor stack, Tensor x) {
        return through ? d.matmul(stack).view(x.shape()) : null;
    }

    /** The heads' gradients side by side, with room for those of the low ranks after them. */
    private Tensor joined(Tensor x, List<@Nullable Tensor> gradients) {
        List<Tensor> parts = new ArrayList<>();
        for (int i = 0; i < gradients.size(); i++) {
            Tensor gradient = gradients.get(i);
            long outputs = linears.get(i).outputs();
            parts.add(
                    gradient == null
                            ? Tensors.zeros(x.dtype(), x.device(), x.size(0), outputs)
                            : gradient.transpose(1, 2).reshape(x.size(0), outputs));
        }
        long rank = factors == null ? 0 : factors.rank();
        Tensor shared = Tensors.beside(parts, rank);
        if (shared != null) {
            return shared; // laid out as the heads are
        }
        if (rank > 0) {
            parts.add(Tensors.empty(x.dtype(), x.device(), x.size(0), rank));
        }
        return Tensors.cat(parts, -1);
    }
}
