package dev.lizard.model;

import dev.lizard.base.Setting;
import java.util.List;

/**
 * Low-rank adaptation (Hu et al. 2021) as data: {@code W + α/r B A} for each target.
 *
 * @param rank r
 * @param alpha α
 * @param targets last names of the adapted projections, such as {@code q_proj}, or whole module paths
 */
public record LoraSpec(
        @Setting(doc = "rank of the update", byDefault = "8", min = 1)
        int rank,

        @Setting(doc = "the update is scaled by alpha / rank", byDefault = "16", min = 0)
        double alpha,

        @Setting(doc = "adapted projections", byDefault = "[q_proj, k_proj, v_proj]")
        List<String> targets) {
    public LoraSpec {
        targets = List.copyOf(targets);
        if (rank < 1 || !(alpha > 0) || targets.isEmpty()) {
            throw new IllegalArgumentException(
                    "LoRA needs a rank of at least 1, a positive alpha and targets, found %d, %s and %s"
                            .formatted(rank, alpha, targets));
        }
    }

    /** α / r. */
    public double scale() {
        return alpha / rank;
    }
}
