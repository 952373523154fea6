package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.MixerSpec;
import java.util.Collection;

/** How documents that are packed into one sequence read each other. */
public enum Documents {
    /** As one text: each token sees all before it in its sequence. */
    TOGETHER,
    /** Each as if it stood alone, but for what a sequence's border cuts off. */
    APART;

    /**
     * Looks whether mixers do so.
     *
     * @param where the recipe, for messages
     * @param whose the student's, or a teacher's
     * @throws LizardException USAGE naming the key and the first that cannot keep documents apart
     */
    void requireKept(Collection<MixerSpec> mixers, String where, String whose) {
        for (MixerSpec mixer : mixers) {
            if (this == APART && !mixer.separates()) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "documents that are not kept apart",
                        where + "/documents",
                        "mixers without first tokens and slots, which are of a whole sequence",
                        "%s of %s".formatted(mixer.keys(), whose),
                        "set first %sto 0, or documents to together".formatted(mixer.slots() == 0 ? "" : "and slots "));
            }
        }
    }
}
