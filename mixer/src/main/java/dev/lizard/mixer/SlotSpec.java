package dev.lizard.mixer;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is kept exactly beside window and first tokens, and at which distance it is read: {@link ExactSlots} as data.
 *
 * @param slots K, tokens a key/value head keeps by their score; 0 for none
 * @param hidden width of the network that scores tokens
 * @param type how slots hold keys and values
 * @param limit the farthest that first tokens and slots are read at, 0 for where they are
 * @param halfLife tokens in which what a token is worth halves, 0 for never
 * @param rule what a token is worth
 */
public record SlotSpec(int slots, int hidden, SlotType type, int limit, double halfLife, SlotRule rule) {
    static final double MOST_SLOTS = 1 << 16;
    static final double MOST_HIDDEN = 1 << 12;
    /** The usual width of the network that scores. */
    public static final int HIDDEN = 128;

    /** No slots, and no limit. */
    static final SlotSpec NONE = new SlotSpec(0, HIDDEN, SlotType.INT8, 0, 0);

    static final String SLOTS = "slots";
    static final String SLOT_SCORE = "slot_score";
    static final String SCORE_HIDDEN = "score_hidden";
    static final String SLOT_TYPE = "slot_type";
    static final String SLOT_HALF_LIFE = "slot_half_life";
    static final String DISTANCE_LIMIT = "distance_limit";

    public SlotSpec {
        rule = slots == 0 ? SlotRule.LEARNED : rule;
        if (slots < 0 || hidden < 1 || limit < 0 || halfLife < 0) {
            throw new IllegalArgumentException(
                    "slots, limit and half-life must be at least 0, hidden at least 1, found %d, %d, %s and %d"
                            .formatted(slots, limit, halfLife, hidden));
        }
    }

    /** By a learned score. */
    public SlotSpec(int slots, int hidden, SlotType type, int limit, double halfLife) {
        this(slots, hidden, type, limit, halfLife, SlotRule.LEARNED);
    }

    /** No slots, but first tokens are read no farther away than that. */
    static SlotSpec limited(int limit) {
        return new SlotSpec(0, HIDDEN, SlotType.INT8, limit, 0);
    }

    /** The same with another number of slots. */
    SlotSpec with(int count) {
        return new SlotSpec(count, hidden, type, limit, halfLife, rule);
    }

    /** Whether what tokens are worth has parameters. */
    boolean learned() {
        return slots > 0 && rule == SlotRule.LEARNED;
    }

    /** Whether a window with first tokens does not do. */
    boolean needed() {
        return slots > 0 || limit > 0;
    }

    /** Whether a sequence of so many tokens has distances beyond the limit. */
    boolean reaches(long tokens) {
        return limit > 0 && tokens > limit;
    }

    /** What is read otherwise than by a window with first tokens, if anything. */
    @Nullable
    ExactSlots orNone(KeyRing ring) {
        return needed() ? beside(ring) : null;
    }

    ExactSlots beside(KeyRing ring) {
        return new ExactSlots(ring, slots, type, limit, halfLife, rule);
    }

    void write(Map<String, Object> keys) {
        if (slots > 0) {
            keys.put(SLOTS, slots);
            if (rule == SlotRule.LEARNED) {
                keys.put(SCORE_HIDDEN, hidden);
            } else {
                keys.put(SLOT_SCORE, rule.key());
            }
            keys.put(SLOT_TYPE, type.key());
            if (halfLife > 0) {
                keys.put(SLOT_HALF_LIFE, halfLife);
            }
        }
        if (limit > 0) {
            keys.put(DISTANCE_LIMIT, limit);
        }
    }
}
