package dev.lizard.model;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A projection {@code x Wᵀ + b}, with an optional low-rank update beside it (LoRA, Hu et al. 2021):
 *
 * <pre>
 *   y = x Wᵀ + b + s (x Aᵀ) Bᵀ        W [out, in], b [out], A [r, in], B [out, r]
 * </pre>
 *
 * <p>Nothing is cast but float32 leaves in a bfloat16 model, which are rounded at each use.
 */
final class Linear {
    /** A low-rank update: A [r, in], B [out, r] and the factor s = α / r. */
    record Update(Tensor a, Tensor b, double scale) {}

    private final String name;
    private final Weight weight;
    private final @Nullable Weight bias;
    private final DType compute;
    private @Nullable Update update;
    private long changes;

    Linear(String name, Weight weight, @Nullable Weight bias, DType compute) {
        this.name = name;
        this.weight = weight;
        this.bias = bias;
        this.compute = compute;
    }

    /** The module's path, such as {@code model.layers.0.self_attn.q_proj}. */
    String name() {
        return name;
    }

    Weight weight() {
        return weight;
    }

    @Nullable
    Update update() {
        return update;
    }

    void update(@Nullable Update lowRank) {
        update = lowRank;
        changes++;
    }

    /** How often the update was changed for another. */
    long changes() {
        return changes;
    }

    /**
     * The same with W + s B A for a weight, which {@code owner} keeps, so that a step takes one product instead of three.
     * The sum is made in float32 at least and rounded once, as a weight is when it is loaded. Itself where there is no
     * update.
     */
    Linear frozen(Scope owner) {
        if (update == null) {
            return this;
        }
        DType exact = compute == DType.BFLOAT16 ? DType.FLOAT32 : compute;
        Tensor change = update.b.to(exact).matmul(update.a.to(exact)).mul(update.scale);
        Tensor sum = weight.use().to(exact).add(change).to(compute);
        return new Linear(name, new Weight(name, compute, owner.adopt(sum)), bias, compute);
    }

    /** Whether it is nothing but x Wᵀ. */
    boolean plain() {
        return bias == null && update == null;
    }

    /** Whether it is x Wᵀ with a frozen W, perhaps with an update. */
    boolean isFrozen() {
        return bias == null && !weight.tensor().requiresGrad();
    }

    /** Width of its output. */
    long outputs() {
        return weight.tensor().size(0);
    }

    /** [..., in] to [..., out]. */
    Tensor apply(Tensor x) {
        Tensor y = x.linear(weight.use(), bias == null ? null : bias.use()); // [..., out]
        if (update == null) {
            return y;
        }
        Tensor low = x.linear(cast(update.a), null).mul(update.scale); // [..., r]
        return y.add(low.linear(cast(update.b), null));
    }

    private Tensor cast(Tensor factor) {
        return factor.dtype() == compute ? factor : factor.to(compute);
    }
}
