package dev.lizard.text.pattern;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Proves that a backtracking matcher cannot run away. What was read surely is never given back, so only the places
 * before that matter, the open ones. An attempt is cheap where
 *
 * <ul>
 *   <li>no open place can be come back to in two ways by one text (else 2ⁿ ways), nor one open loop be left for another
 *       at any point of one text (else n² and more);
 *   <li>no open loop comes after something sure, which would try it again and again;
 *   <li>and a text on which open loops may run and then fail begins with a character that some other alternative surely
 *       takes: else every next character would be tried with the same long run.
 * </ul>
 */
final class Backtracking {
    /** Ways that meet again outside loops: each may double the steps. */
    private static final int MOST_MEETINGS = 3;

    private static final int MOST_OPEN = 60;

    private final Positions positions;
    private final BitSet open = new BitSet();
    private final BitSet loops = new BitSet();
    private final CharAtoms atoms;

    Backtracking(Positions positions, int[] representatives) {
        this.positions = positions;
        open.set(0, positions.count());
        open.andNot(positions.sure());
        this.atoms = new CharAtoms(positions, representatives);
        for (int p = open.nextSetBit(0); p >= 0; p = open.nextSetBit(p + 1)) {
            if (reach(openAfter(p)).get(p)) {
                loops.set(p);
            }
        }
    }

    void check() {
        for (Positions.Gated gated : positions.gates()) {
            checkBody(gated.gate().body());
        }
        if (loops.isEmpty()) {
            checkMeetings();
            return;
        }
        if (open.cardinality() > MOST_OPEN) {
            throw new UnknownPattern("more than " + MOST_OPEN + " places that may be given back");
        }
        BitSet sure = positions.sure();
        for (int p = sure.nextSetBit(0); p >= 0; p = sure.nextSetBit(p + 1)) {
            if (reach(openAfter(p)).intersects(loops)) {
                throw runsAway();
            }
        }
        checkBeginnings();
        checkMeetings();
        checkLoops();
    }

    /** Assertions look at bounded pieces of text. */
    private static void checkBody(Node body) {
        if (body.equals(Node.EMPTY)) {
            return;
        }
        Positions inside = new Positions(body);
        for (int p = 0; p < inside.count(); p++) {
            if (inside.follow(p).get(p) || inside.follow(p).previousSetBit(p) >= 0) {
                throw new UnknownPattern("an assertion with a repetition in it");
            }
        }
        if (inside.count() > MOST_OPEN || !inside.gates().isEmpty()) {
            throw new UnknownPattern("an assertion of that size");
        }
    }

    private void checkBeginnings() {
        BitSet sureFirst = (BitSet) positions.first().clone();
        sureFirst.and(positions.sure());
        BitSet openFirst = (BitSet) positions.first().clone();
        openFirst.and(open);
        for (int p = openFirst.nextSetBit(0); p >= 0; p = openFirst.nextSetBit(p + 1)) {
            BitSet reached = reach(openAfter(p));
            reached.set(p);
            if (reached.intersects(loops) && !atoms.covered(p, sureFirst)) {
                throw runsAway();
            }
        }
    }

    private BitSet openAfter(int p) {
        BitSet next = (BitSet) positions.follow(p).clone();
        next.and(open);
        return next;
    }

    /** {@code from} and all open places that can be come to from there. */
    private BitSet reach(BitSet from) {
        BitSet reached = (BitSet) from.clone();
        Deque<Integer> todo = new ArrayDeque<>();
        from.stream().forEach(todo::add);
        while (!todo.isEmpty()) {
            openAfter(todo.remove()).stream().filter(q -> !reached.get(q)).forEach(q -> {
                reached.set(q);
                todo.add(q);
            });
        }
        return reached;
    }

    /** Pairs of different open places that one text can lead to, and how often such a pair meets in one place. */
    private void checkMeetings() {
        Set<Long> seen = new HashSet<>();
        Deque<int[]> todo = new ArrayDeque<>();
        BitSet begin = (BitSet) positions.first().clone();
        begin.and(open);
        pairs(begin, begin, seen, todo);
        BitSet sure = positions.sure();
        for (int p = sure.nextSetBit(0); p >= 0; p = sure.nextSetBit(p + 1)) {
            pairs(openAfter(p), openAfter(p), seen, todo);
        }
        int meetings = 0;
        while (!todo.isEmpty()) {
            int[] pair = todo.remove();
            BitSet left = openAfter(pair[0]);
            BitSet right = openAfter(pair[1]);
            BitSet both = (BitSet) left.clone();
            both.and(right);
            meetings += both.cardinality();
            if (meetings > MOST_MEETINGS) {
                throw runsAway();
            }
            pairs(left, right, seen, todo);
        }
    }

    private void pairs(BitSet left, BitSet right, Set<Long> seen, Deque<int[]> todo) {
        for (int p = left.nextSetBit(0); p >= 0; p = left.nextSetBit(p + 1)) {
            for (int q = right.nextSetBit(0); q >= 0; q = right.nextSetBit(q + 1)) {
                if (p != q && atoms.common(p, q) && seen.add(key(Math.min(p, q), Math.max(p, q), 0))) {
                    todo.add(new int[] {p, q});
                }
            }
        }
    }

    private static long key(int a, int b, int c) {
        return (((long) a << 20) | b) << 20 | c;
    }

    /** No text leads from a loop both back to it (in two ways) or to it and to another loop that it also keeps in. */
    private void checkLoops() {
        for (int p = loops.nextSetBit(0); p >= 0; p = loops.nextSetBit(p + 1)) {
            for (int q = loops.nextSetBit(0); q >= 0; q = loops.nextSetBit(q + 1)) {
                boolean runs = p == q ? forks(p) : leads(p, q);
                if (runs) {
                    throw runsAway();
                }
            }
        }
    }

    /** Whether one text leads from {@code p} to {@code p} in two ways. */
    private boolean forks(int p) {
        Map<Long, Boolean> seen = new HashMap<>();
        Deque<int[]> todo = new ArrayDeque<>();
        todo.add(new int[] {p, p, 0});
        while (!todo.isEmpty()) {
            int[] at = todo.remove();
            for (int a : openAfter(at[0]).stream().toArray()) {
                for (int b : openAfter(at[1]).stream().toArray()) {
                    int forked = at[2] | (a == b ? 0 : 1);
                    if (!atoms.common(a, b) || seen.putIfAbsent(key(a, b, forked), true) != null) {
                        continue;
                    }
                    if (a == p && b == p && forked == 1) {
                        return true;
                    }
                    todo.add(new int[] {a, b, forked});
                }
            }
        }
        return false;
    }

    /** Whether one text leads from {@code p} to {@code p}, from {@code p} to {@code q} and from {@code q} to {@code q}. */
    private boolean leads(int p, int q) {
        Set<Long> seen = new HashSet<>();
        Deque<int[]> todo = new ArrayDeque<>();
        todo.add(new int[] {p, p, q});
        while (!todo.isEmpty()) {
            int[] at = todo.remove();
            for (int a : openAfter(at[0]).stream().toArray()) {
                for (int b : openAfter(at[1]).stream().toArray()) {
                    for (int c : openAfter(at[2]).stream().toArray()) {
                        if (!atoms.common(a, b, c) || !seen.add(key(a, b, c))) {
                            continue;
                        }
                        if (a == p && b == q && c == q) {
                            return true;
                        }
                        todo.add(new int[] {a, b, c});
                    }
                }
            }
        }
        return false;
    }

    private static UnknownPattern runsAway() {
        return new UnknownPattern("one that may try a long text in very many ways");
    }
}
