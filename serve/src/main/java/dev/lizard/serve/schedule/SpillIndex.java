package dev.lizard.serve.schedule;

import dev.lizard.base.Hashes;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which beginnings have a file in a {@link SpillFolder}, by their hashes, and how large these are. For many threads. */
final class SpillIndex {
    private static final Pattern NAME = Pattern.compile("[0-9a-f]{64}-([0-9]{1,9})-([0-9a-f]{16})\\.state");
    private static final Pattern UNFINISHED = Pattern.compile(NAME.pattern() + "\\.tmp-.*");
    private static final int MODEL_DIGITS = 16;

    /** A file, and how many tokens were read before its state. */
    record Entry(String name, int depth) {}

    private final String model;
    private final Map<String, Long> sizes = new LinkedHashMap<>(16, 0.75f, true); // used longest ago first
    private final TreeMap<Integer, Integer> depths = new TreeMap<>(); // how many files each
    private long bytes;

    /** Of the states of one model. */
    SpillIndex(String fingerprint) {
        model = fingerprint.substring(0, MODEL_DIGITS);
    }

    /** Whether a file is a state of this model. */
    boolean isMine(String name) {
        Matcher matcher = NAME.matcher(name);
        return matcher.matches() && matcher.group(2).equals(model);
    }

    /** Whether a file is one that was being written, of whichever model. */
    static boolean isUnfinished(String name) {
        return UNFINISHED.matcher(name).matches();
    }

    /** What the state behind {@code ids} is called. */
    String name(int[] ids) {
        return name(new Hasher(ids).upTo(ids.length), ids.length);
    }

    private String name(String hash, int depth) {
        return "%s-%d-%s.state".formatted(hash, depth, model);
    }

    synchronized long bytes() {
        return bytes;
    }

    synchronized int count() {
        return sizes.size();
    }

    /** Whether it is there; then it counts as used now. */
    synchronized boolean use(String name) {
        return sizes.get(name) != null;
    }

    synchronized void add(String name, long size) {
        Long before = sizes.put(name, size);
        bytes += size - (before == null ? 0 : before);
        if (before == null) {
            depths.merge(depth(name), 1, Integer::sum);
        }
    }

    synchronized void remove(String name) {
        Long size = sizes.remove(name);
        if (size != null) {
            bytes -= size;
            depths.computeIfPresent(depth(name), (depth, count) -> count == 1 ? null : count - 1);
        }
    }

    private static int depth(String name) {
        return Integer.parseInt(name.split("-", 3)[1]);
    }

    /** The file that was not used longest where there are more than so many bytes; else null. */
    synchronized @Nullable String beyond(long budget) {
        return bytes > budget ? sizes.keySet().iterator().next() : null;
    }

    /** The longest beginning of {@code ids} beyond {@code above} tokens that has a file, or null. */
    synchronized @Nullable Entry longest(int[] ids, int above) {
        if (above >= ids.length) {
            return null;
        }
        Entry best = null;
        Hasher hasher = new Hasher(ids);
        for (int depth : depths.subMap(above, false, ids.length, true).keySet()) {
            String name = name(hasher.upTo(depth), depth);
            if (sizes.containsKey(name)) {
                best = new Entry(name, depth);
            }
        }
        return best;
    }

    /** SHA-256 of longer and longer beginnings. */
    private static final class Hasher {
        private final int[] ids;
        private final MessageDigest digest = Hashes.sha256();
        private int done;

        Hasher(int[] ids) {
            this.ids = ids;
        }

        String upTo(int depth) {
            ByteBuffer piece = ByteBuffer.allocate(Integer.BYTES * (depth - done));
            piece.asIntBuffer().put(ids, done, depth - done);
            digest.update(piece);
            done = depth;
            try {
                return HexFormat.of().formatHex(((MessageDigest) digest.clone()).digest());
            } catch (CloneNotSupportedException impossible) {
                throw new IllegalStateException("SHA-256 can be copied", impossible);
            }
        }
    }
}
