package dev.lizard.generate;

import dev.lizard.base.SplitMix64;
import java.util.Arrays;
import java.util.BitSet;

/**
 * What a session knows of the ids it has read, in constant memory: how many, a hash of all, the last few, and which ids
 * occurred (for the repetition penalty).
 */
final class History {
    /** Last ids kept. */
    static final int TAIL = 64;

    private final BitSet seen;
    private final int[] ring;
    private long count;
    private long hash;

    History() {
        this(new BitSet(), new int[TAIL], 0, 0);
    }

    private History(BitSet seen, int[] ring, long count, long hash) {
        this.seen = seen;
        this.ring = ring;
        this.count = count;
        this.hash = hash;
    }

    /** As read from a file; {@code tail} holds the last ids in order. */
    static History restored(BitSet seen, int[] tail, long count, long hash) {
        int[] ring = new int[TAIL];
        for (int i = 0; i < tail.length; i++) {
            ring[Math.floorMod(count - tail.length + i, TAIL)] = tail[i];
        }
        return new History(seen, ring, count, hash);
    }

    void append(int id) {
        seen.set(id);
        ring[(int) (count % TAIL)] = id;
        hash = next(hash, id);
        count++;
    }

    private static long next(long hash, int id) {
        long z = (hash ^ (id + 1L)) * SplitMix64.GOLDEN;
        return z ^ (z >>> 29);
    }

    long count() {
        return count;
    }

    long hash() {
        return hash;
    }

    /** The ids that occurred; not to be changed. */
    BitSet seen() {
        return seen;
    }

    /** The last ids, oldest first. */
    int[] tail() {
        int[] tail = new int[(int) Math.min(count, TAIL)];
        for (int i = 0; i < tail.length; i++) {
            tail[i] = ring[(int) ((count - tail.length + i) % TAIL)];
        }
        return tail;
    }

    /** Whether exactly the first {@link #count} of {@code ids} were read. */
    boolean begins(int[] ids) {
        if (ids.length < count) {
            return false;
        }
        long other = 0;
        for (int i = 0; i < count; i++) {
            other = next(other, ids[i]);
        }
        return other == hash;
    }

    History copy() {
        return new History((BitSet) seen.clone(), Arrays.copyOf(ring, TAIL), count, hash);
    }
}
