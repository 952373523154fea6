package dev.lizard.model;

import dev.lizard.mixer.Positions;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.kernel.SkinnyGemm;
import java.util.List;

/** A block's step for a few sequences on CUDA: the same formulas as {@link Block}, in five kernels. */
record RowStep(Block block) {
    /** Whether this block can go this way for x [B, 1, D]: plain bfloat16 projections, no low-rank updates. */
    static boolean serves(Block block, Tensor x) {
        if (!SkinnyGemm.serves(x)) {
            return false;
        }
        Attention attention = block.attention();
        Mlp mlp = block.mlp();
        List<Linear> all = List.of(
                attention.q(), attention.k(), attention.v(), attention.output(), mlp.gate(), mlp.up(), mlp.down());
        for (Linear linear : all) {
            if (!linear.plain() || !SkinnyGemm.serves(x, linear.weight().use())) {
                return false;
            }
        }
        return true;
    }

    /** x [B, 1, D] to [B, 1, D]; what it makes belongs to the innermost scope. */
    Tensor apply(Tensor x, Positions at, Block.Mixing mixing) {
        Attention attention = block.attention();
        Norm before = block.before();
        Norm between = block.between();
        Mlp mlp = block.mlp();
        SkinnyGemm.Normed in = SkinnyGemm.project(
                x,
                before.weight().use(),
                before.epsilon(),
                attention.q().weight().use(),
                attention.k().weight().use(),
                attention.v().weight().use());
        Tensor heads = mixing.heads(attention.input(in.x(), in.products(), at)); // [B, H, 1, d]
        Tensor rows = heads.reshape(x.size(0), 1, heads.size(1) * heads.size(3)); // [B, 1, H d]
        Tensor attended = SkinnyGemm.added(rows, attention.output().weight().use(), x); // [B, 1, D]
        Tensor inner = SkinnyGemm.gated(
                attended,
                between.weight().use(),
                between.epsilon(),
                mlp.gate().weight().use(),
                mlp.up().weight().use());
        return SkinnyGemm.added(inner, mlp.down().weight().use(), attended);
    }
}
