package dev.lizard.text.grammar;

import dev.lizard.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The bytes of all tokens that have any, control tokens left out, in the order of bytes; made once a tokenizer. */
public final class TokenBytes {
    private final byte[][] all; // by id
    private final int[] ids;
    private final byte[][] bytes;
    private final int[] shared; // with the one before
    private final int longest;

    /** @param all by id; none where a token has no text */
    TokenBytes(byte[][] all) {
        this.all = all;
        ids = IntStream.range(0, all.length)
                .filter(id -> all[id].length > 0)
                .boxed()
                .sorted(Comparator.comparing(id -> all[id], Arrays::compareUnsigned))
                .mapToInt(Integer::intValue)
                .toArray();
        bytes = Arrays.stream(ids).mapToObj(id -> all[id]).toArray(byte[][]::new);
        shared = new int[ids.length];
        for (int i = 1; i < ids.length; i++) {
            int differs = Arrays.mismatch(bytes[i - 1], bytes[i]);
            shared[i] = differs < 0 ? bytes[i].length : differs;
        }
        longest = Arrays.stream(bytes).mapToInt(b -> b.length).max().orElse(0);
    }

    /** Those of a tokenizer. */
    public static TokenBytes of(Tokenizer tokenizer) {
        byte[][] all = new byte[tokenizer.vocabSize()][];
        Arrays.setAll(all, id -> tokenizer.isSpecial(id) ? new byte[0] : tokenizer.bytes(id));
        return new TokenBytes(all);
    }

    byte[] of(int id) {
        return all[id];
    }

    /** What was found about a set of places. */
    record Found(BitSet ids, int farthest) {}

    /** The tokens that lead from {@code places} to others whose distance is {@code most} or less. */
    Found from(List<Place> places, int most) {
        BitSet allowed = new BitSet();
        List<List<Place>> after = new ArrayList<>(); // by the number of bytes
        after.add(places);
        for (int i = 0; i < longest; i++) {
            after.add(new ArrayList<>(2));
        }
        int dead = Integer.MAX_VALUE; // the length of a beginning that leads nowhere
        int farthest = 0;
        for (int i = 0; i < ids.length; i++) {
            if (shared[i] >= dead) {
                continue;
            }
            dead = Integer.MAX_VALUE;
            byte[] token = bytes[i];
            for (int at = shared[i]; at < token.length && dead > token.length; at++) {
                if (!step(after.get(at), token[at] & 0xFF, after.get(at + 1))) {
                    dead = at + 1;
                }
            }
            if (dead > token.length) {
                int distance = distance(after.get(token.length));
                if (distance <= most) {
                    allowed.set(ids[i]);
                    farthest = Math.max(farthest, distance);
                }
            }
        }
        return new Found(allowed, farthest);
    }

    static boolean step(List<Place> places, int b, List<Place> next) {
        next.clear();
        for (int i = 0; i < places.size(); i++) {
            places.get(i).step(b, next);
        }
        return !next.isEmpty();
    }

    static int distance(List<Place> places) {
        int least = Integer.MAX_VALUE;
        for (Place place : places) {
            least = Math.min(least, place.distance());
        }
        return least;
    }
}
