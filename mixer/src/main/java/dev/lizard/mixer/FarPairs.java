package dev.lizard.mixer;

import dev.lizard.mixer.Hybrid.Far;
import dev.lizard.mixer.Hybrid.Plan;

/** What the memory of a {@link Hybrid} takes up of several tokens. */
final class FarPairs {
    private FarPairs() {}

    /** Keys, as it takes features of them, and values [B, G, L, .]: those of the call's last L tokens. */
    static KeyRing.Pairs of(Plan plan, MixerInput in, ExactSlots.Read read) {
        KeyRing.Pairs lost = read.lost();
        if (plan.exact() != null && plan.far() == Far.ALL) {
            return new KeyRing.Pairs(in.k(), in.v());
        }
        if (lost == null) {
            return new KeyRing.Pairs(in.k().narrow(2, 0, 0), in.v().narrow(2, 0, 0));
        }
        long count = lost.keys().size(2);
        boolean turns = plan.exact() != null && plan.turnsFar() && count > 0;
        return turns
                ? new KeyRing.Pairs(
                        in.at()
                                .turn(
                                        lost.keys(),
                                        in.tokens() - count - plan.near().window()),
                        lost.values())
                : lost;
    }
}
