package dev.lizard.model;

import dev.lizard.base.BadSetting;
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

        @Setting(doc = "the update is scaled by alpha / rank", byDefault = "16", above = 0)
        double alpha,

        @Setting(doc = "adapted projections", byDefault = "[q_proj, k_proj, v_proj]")
        List<String> targets) {
    public LoraSpec {
        targets = List.copyOf(targets);
        if (targets.isEmpty()) {
            throw new BadSetting("targets", "expected names of projections but found none; write [q_proj, v_proj]");
        }
        if (rank < 1 || !(alpha > 0)) {
            throw new IllegalArgumentException(
                    "LoRA needs a rank of at least 1 and a positive alpha, found %d and %s".formatted(rank, alpha));
        }
    }

    /** α / r. */
    public double scale() {
        return alpha / rank;
    }
}
