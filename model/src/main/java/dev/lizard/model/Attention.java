package dev.lizard.model;

import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.Positions;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
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
    /** The same with {@linkplain Linear#frozen frozen} projections. */
    Attention frozen(Scope owner) {
        return new Attention(
                dims, q.frozen(owner), k.frozen(owner), v.frozen(owner), output.frozen(owner), qNorm, kNorm);
    }

    /** The normed layer input x [B, T, D], as its mixer sees it. */
    MixerInput project(Tensor x, Positions at) {
        return input(x, List.of(q.apply(x), k.apply(x), v.apply(x)), at);
    }

    /** The same from the products of x with the three projections, [B, T, n d] each. */
    MixerInput input(Tensor x, List<Tensor> projected, Positions at) {
        long batch = x.size(0);
        long tokens = x.size(1);
        return new MixerInput(
                x,
                split(projected.get(0), qNorm, batch, tokens, dims.heads()),
                split(projected.get(1), kNorm, batch, tokens, dims.keyHeads()),
                split(projected.get(2), null, batch, tokens, dims.keyHeads()),
                at);
    }

    /**
     * The same with one product for all three, for inputs that kernels serve; biased or trained projections go the other
     * way.
     *
     * @param aside x once more, which the mixer sees: its gradient comes by a way of its own
     */
    MixerInput projectTogether(Tensor x, Tensor aside, Positions at, Tape tape) {
        List<Linear> linears = List.of(q, k, v);
        if (!Projections.serve(linears)) {
            return input(aside, List.of(q.apply(x), k.apply(x), v.apply(x)), at);
        }
        List<Tensor> heads = Projections.of(x, linears, dims.headWidth(), tape); // [B, n, T, d]
        return new MixerInput(
                aside,
                qNorm == null ? heads.get(0) : normed(qNorm, heads.get(0)),
                kNorm == null ? heads.get(1) : normed(kNorm, heads.get(1)),
                heads.get(2),
                at);
    }

    /** Heads [B, n, T, d], each normed, in memory as [B, T, n, d]. */
    private static Tensor normed(Norm norm, Tensor heads) {
        return norm.apply(heads.transpose(1, 2)).transpose(1, 2);
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
