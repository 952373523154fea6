package dev.lizard.serve.schedule;

import dev.lizard.generate.Snapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The sequences of tokens that were read lately, and states kept of their beginnings: a tree whose branches are runs of
 * tokens. A state of constant size cannot be cut back, so it is of use only where it was kept: at the ends of prompts
 * and answers, and where sequences part. What was not used longest goes first, to stay within a number of bytes.
 */
final class PrefixTree implements AutoCloseable {
    private static final int NODE_BYTES = 200;
    private static final int SCORE_BYTES = 64;

    /** The end of a run of tokens that begins where {@code parent}'s ends. */
    static final class Node {
        private @Nullable Node parent;
        private int[] run;
        private final int depth;
        private final Map<Integer, Node> children = new TreeMap<>();
        private @Nullable Snapshot snapshot;
        private List<TokenScore> scores = List.of();
        private int top = Work.NO_SCORES;

        private Node(@Nullable Node parent, int[] run, int depth) {
            this.parent = parent;
            this.run = run;
            this.depth = depth;
        }

        /** Tokens from the beginning. */
        int depth() {
            return depth;
        }

        @Nullable
        Snapshot snapshot() {
            return snapshot;
        }

        /** Of its tokens but the first; none where they were not asked for. */
        List<TokenScore> scores() {
            return scores;
        }

        private long bytes() {
            long kept = snapshot == null
                    ? 0
                    : snapshot.bytes() + (long) SCORE_BYTES * (1 + Math.max(0, top)) * scores.size();
            return NODE_BYTES + (long) Integer.BYTES * run.length + kept;
        }
    }

    /** Hears of a state that is about to go. */
    interface Leaving {
        /** The tokens read before it; the state itself is closed behind the call. */
        void leaves(int[] ids, Snapshot snapshot);
    }

    private final long budget;
    private final Leaving leaving;
    private final Node root = new Node(null, new int[0], 0);
    private final Map<Node, Long> used =
            new LinkedHashMap<>(16, 0.75f, true); // the bytes counted of each, oldest first
    private long bytes;
    private int kept;

    /** Holds so many bytes at most; {@code leaving} hears of what there is no room for. */
    PrefixTree(long budget, Leaving leaving) {
        this.budget = budget;
        this.leaving = leaving;
    }

    /** Bytes held. */
    long bytes() {
        return bytes;
    }

    /** States held. */
    int kept() {
        return kept;
    }

    /** Makes {@code ids} known, without a state; gives its end. */
    Node add(int[] ids) {
        Node end = reach(ids, ids.length);
        trim();
        return end;
    }

    /**
     * Keeps a state for the first {@code depth} of {@code ids}, whose owner the tree becomes.
     *
     * @param top as of {@link Work}, for {@code scores}
     */
    void keep(int[] ids, int depth, Snapshot snapshot, List<TokenScore> scores, int top) {
        Node node = reach(ids, depth);
        drop(node);
        node.snapshot = snapshot;
        node.scores = List.copyOf(scores);
        node.top = top;
        kept++;
        count(node);
        trim();
    }

    /** The longest beginning of {@code ids} with a state, and with scores where {@code top} asks for some; or null. */
    @Nullable
    Node longest(int[] ids, int top) {
        Node best = null;
        for (Node node : path(ids)) {
            if (node.snapshot != null && (top < 0 || node.top >= top)) {
                best = node;
            }
        }
        if (best != null) {
            used.get(best); // used now
        }
        return best;
    }

    /** The longest beginning of {@code ids}, shorter than it, that another known sequence has too; null if none has. */
    @Nullable
    Node shared(int[] ids) {
        Node best = null;
        for (Node node : path(ids)) {
            if (node.depth < ids.length && node.children.size() > 1) {
                best = node;
            }
        }
        return best;
    }

    private List<Node> path(int[] ids) {
        List<Node> path = new ArrayList<>();
        Node at = root;
        while (at.depth < ids.length) {
            Node next = at.children.get(ids[at.depth]);
            if (next == null || agreed(next.run, ids, at.depth) < next.run.length) {
                break;
            }
            path.add(next);
            at = next;
        }
        return path;
    }

    /** The node at {@code depth} of {@code ids}, made where there is none. */
    private Node reach(int[] ids, int depth) {
        Node at = root;
        while (at.depth < depth) {
            Node next = at.children.get(ids[at.depth]);
            if (next == null) {
                Node leaf = new Node(at, Arrays.copyOfRange(ids, at.depth, depth), depth);
                at.children.put(ids[at.depth], leaf);
                count(leaf);
                return leaf;
            }
            int same = Math.min(agreed(next.run, ids, at.depth), depth - at.depth);
            at = same < next.run.length ? split(next, same) : next;
        }
        used.get(at);
        return at;
    }

    private static int agreed(int[] run, int[] ids, int from) {
        int end = Arrays.mismatch(run, 0, run.length, ids, from, Math.min(ids.length, from + run.length));
        return end < 0 ? run.length : end;
    }

    /** Ends {@code node}'s run after {@code length} tokens; the rest hangs below. */
    private Node split(Node node, int length) {
        Node parent = node.parent == null ? root : node.parent;
        Node middle = new Node(parent, Arrays.copyOf(node.run, length), parent.depth + length);
        parent.children.put(node.run[0], middle);
        middle.children.put(node.run[length], node);
        node.run = Arrays.copyOfRange(node.run, length, node.run.length);
        node.parent = middle;
        count(node);
        count(middle);
        return middle;
    }

    private void count(Node node) {
        long now = node.bytes();
        Long before = used.put(node, now);
        bytes += now - (before == null ? 0 : before);
    }

    private void drop(Node node) {
        if (node.snapshot != null) {
            node.snapshot.close();
            node.snapshot = null;
            node.scores = List.of();
            node.top = Work.NO_SCORES;
            kept--;
        }
    }

    private void trim() {
        while (bytes > budget && !used.isEmpty()) {
            Node oldest = null;
            for (Node node : used.keySet()) {
                if (node.snapshot != null || node.children.isEmpty()) {
                    oldest = node;
                    break;
                }
            }
            if (oldest == null) {
                return;
            }
            tell(oldest, leaving);
            drop(oldest);
            count(oldest);
            remove(oldest);
        }
    }

    /** Tells all states, the one used last at last. */
    void each(Leaving state) {
        for (Node node : used.keySet()) {
            tell(node, state);
        }
    }

    private static void tell(Node node, Leaving state) {
        if (node.snapshot != null) {
            int[] ids = new int[node.depth];
            for (Node at = node; at != null; at = at.parent) {
                System.arraycopy(at.run, 0, ids, at.depth - at.run.length, at.run.length);
            }
            state.leaves(ids, node.snapshot);
        }
    }

    /** Takes out a node that nothing hangs below, and those above that were there for it alone. */
    private void remove(Node node) {
        Node at = node;
        while (at.parent != null && at.snapshot == null && at.children.isEmpty()) {
            Node parent = at.parent;
            parent.children.remove(at.run[0]);
            Long counted = used.remove(at);
            bytes -= counted == null ? 0 : counted;
            at.parent = null;
            at = parent;
        }
    }

    @Override
    public void close() {
        used.keySet().forEach(this::drop);
        used.clear();
        root.children.clear();
        bytes = 0;
    }
}
