package dev.lizard.model;

import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.Rotary;
import dev.lizard.tensor.Tensor;
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
    /** The normed layer input x [B, T, D], whose first token stands at {@code start}, as its mixer sees it. */
    MixerInput project(Tensor x, Rotary rotary, long start) {
        long batch = x.size(0);
        long tokens = x.size(1);
        return new MixerInput(
                x,
                split(q.apply(x), qNorm, batch, tokens, dims.heads()),
                split(k.apply(x), kNorm, batch, tokens, dims.keyHeads()),
                split(v.apply(x), null, batch, tokens, dims.keyHeads()),
                rotary,
                start);
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
