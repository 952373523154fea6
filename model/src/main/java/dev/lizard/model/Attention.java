package dev.lizard.model;

import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.Rotary;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What surrounds a mixer: projections to heads before it, the output projection after it. */
record Attention(
        HeadDims dims,
        Linear q,
        Linear k,
        Linear v,
        Linear output,
        @Nullable Norm qNorm,
        @Nullable Norm kNorm) {
    /** The same with {@linkplain Linear#prepared prepared} projections. */
    Attention prepared(Scope owner) {
        return new Attention(
                dims, q.prepared(owner), k.prepared(owner), v.prepared(owner), output.prepared(owner), qNorm, kNorm);
    }

    /** The normed layer input x [B, T, D], whose first token stands at {@code start}, as its mixer sees it. */
    MixerInput project(Tensor x, Rotary rotary, long start) {
        return input(x, List.of(q.apply(x), k.apply(x), v.apply(x)), rotary, start);
    }

    /** The same from the products of x with the three projections, [B, T, n d] each. */
    MixerInput input(Tensor x, List<Tensor> projected, Rotary rotary, long start) {
        long batch = x.size(0);
        long tokens = x.size(1);
        return new MixerInput(
                x,
                split(projected.get(0), qNorm, batch, tokens, dims.heads()),
                split(projected.get(1), kNorm, batch, tokens, dims.keyHeads()),
                split(projected.get(2), null, batch, tokens, dims.keyHeads()),
                rotary,
                start);
    }

    /**
     * The same with one product for q, k and v and two for all their low-rank updates: on the way back x then gets two
     * gradients to add instead of six. Biased projections go the other way.
     */
    MixerInput projectTogether(Tensor x, Rotary rotary, long start) {
        List<Linear> linears = List.of(q, k, v);
        if (!linears.stream().allMatch(Linear::unbiased)) {
            return project(x, rotary, start);
        }
        long batch = x.size(0);
        long tokens = x.size(1);
        Tensor flat = x.view(batch * tokens, x.size(2));
        List<Tensor> weights = linears.stream().map(l -> l.weight().use()).toList();
        Tensor all = updated(flat, flat.linear(Tensors.cat(weights, 0), null), linears);
        List<Tensor> parts = Tensors.split(
                all, -1, linears.stream().mapToLong(Linear::outputs).toArray()); // [B T, n d]
        return new MixerInput(
                x,
                split(parts.get(0), qNorm, batch, tokens, dims.heads()),
                split(parts.get(1), kNorm, batch, tokens, dims.keyHeads()),
                split(parts.get(2), null, batch, tokens, dims.keyHeads()),
                rotary,
                start);
    }

    /** Adds the low-rank updates to y, the projections side by side: the second factors are blocks of one matrix. */
    private static Tensor updated(Tensor x, Tensor y, List<Linear> linears) {
        long rank = 0;
        List<Tensor> first = new ArrayList<>();
        for (Linear linear : linears) {
            Linear.Update update = linear.update();
            if (update != null) {
                first.add(linear.down(update)); // [r, D]
                rank += update.a().size(0);
            }
        }
        if (first.isEmpty()) {
            return y;
        }
        List<Tensor> second = new ArrayList<>();
        long before = 0;
        for (Linear linear : linears) {
            Linear.Update update = linear.update();
            if (update == null) {
                second.add(Tensors.zeros(x.dtype(), x.device(), linear.outputs(), rank));
            } else {
                long own = update.a().size(0);
                second.add(linear.up(update).pad(0, before, rank - before - own)); // [out, all ranks]
                before += own;
            }
        }
        return y.addLinear_(x.linear(Tensors.cat(first, 0), null), Tensors.cat(second, 0));
    }

    /** [B, T, n d] to [B, n, T, d], a view; each head normed where the family does so. */
    private Tensor split(Tensor projected, @Nullable Norm norm, long batch, long tokens, int n) {
        if (tokens == 1) { // both axes of size one: no transposition needed
            Tensor heads = projected.view(batch, n, 1, dims.headWidth());
            return norm == null ? heads : norm.apply(heads);
        }
        Tensor heads = projected.view(batch, tokens, n, dims.headWidth()); // [B, T, n, d]
        return (norm == null ? heads : norm.apply(heads)).transpose(1, 2);
    }

    /** Mixed heads [B, H, T, d] to [B, T, D]. */
    Tensor join(Tensor heads) {
        long tokens = heads.size(2);
        Tensor rows = tokens == 1 ? heads : heads.transpose(1, 2); // [B, T, H, d]
        return output.apply(rows.reshape(heads.size(0), tokens, (long) dims.heads() * dims.headWidth()));
    }
}
