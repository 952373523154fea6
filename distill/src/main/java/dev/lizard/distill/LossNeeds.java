package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.MixerSpec;
import java.util.Collection;

/** What losses ask of mixers, checked where both are known. */
final class LossNeeds {
    private LossNeeds() {}

    /**
     * @param where the recipe, for messages
     * @throws LizardException USAGE for a loss of what no mixer has
     */
    static void require(Recipe recipe, Collection<MixerSpec> mixers, String where) {
        for (int i = 0; i < recipe.stages().size(); i++) {
            Loss loss = recipe.stages().get(i).loss();
            boolean none = mixers.stream().allMatch(mixer -> mixer.orthogonal().isEmpty());
            if (loss.has(Loss.Orthogonality.class) && none) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "a loss of matrices that are not there",
                        recipe.key(where, i) + "/loss",
                        "a mixer such as kernel beside orthogonality",
                        mixers.iterator().next().mixer(),
                        "take one out");
            }
            boolean matrices = loss.has(Loss.AttentionWeights.class) || loss.has(Loss.MixingMatrix.class);
            MixerSpec without =
                    mixers.stream().filter(mixer -> !mixer.mixes()).findFirst().orElse(null);
            if (matrices && without != null) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "a loss of matrices that are not there",
                        recipe.key(where, i) + "/loss",
                        "a mixer whose heads have one, not channels by themselves",
                        without.mixer(),
                        "match hidden-state or attention-output");
            }
        }
    }
}
