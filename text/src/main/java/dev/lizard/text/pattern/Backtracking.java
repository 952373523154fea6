package dev.lizard.text.pattern;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * Proves that a backtracking matcher cannot run away. What was read surely is never given back, so only the places
 * before that matter, the open ones. An attempt takes steps in proportion to the text where
 *
 * <ul>
 *   <li>no open place can be come back to in two ways by one text (else 2ⁿ ways), nor one open loop be left for another
 *       at any point of one text (else n² and more);
 *   <li>no open loop comes after something sure that may be read again and again, nor does an assertion with a loop.
 * </ul>
 *
 * <p>All attempts together do where, besides, open loops come after nothing sure, assertions have none, and what they may
 * run over in vain is surely taken by some other alternative. Else every next character may be tried with the same long
 * run: the sets of these loops are what {@link #check} gives.
 */
final class Backtracking {
    /** Ways that meet again outside loops: each may double the steps. */
    private static final int MOST_MEETINGS = 3;

    private static final int MOST_OPEN = 60;

    private final Positions positions;
    private final BitSet open = new BitSet();
    private final BitSet loops = new BitSet();
    private final CharAtoms atoms;
    private final int[] representatives;
    private final List<CharSet> runs = new ArrayList<>();

    Backtracking(Positions positions, int[] representatives) {
        this.positions = positions;
        this.representatives = representatives;
        open.set(0, positions.count());
        open.andNot(positions.sure());
        this.atoms = new CharAtoms(positions, representatives);
        for (int p = open.nextSetBit(0); p >= 0; p = open.nextSetBit(p + 1)) {
            if (reach(openAfter(p)).get(p)) {
                loops.set(p);
            }
        }
    }

    /** What long runs are made of that may be read once for each of their characters; nothing where none are. */
    List<CharSet> check() {
        checkAttempt();
        if (!sureBeforeLoops().isEmpty() || !loopsBeginCovered()) {
            addRuns(loops, this::openAfter);
        }
        return runs;
    }

    private void checkAttempt() {
        checkGates();
        if (!loops.isEmpty()) {
            if (open.cardinality() > MOST_OPEN) {
                throw new UnknownPattern("more than " + MOST_OPEN + " places that may be given back");
            }
            if (sureBeforeLoops().intersects(cycles())) {
                throw runsAway();
            }
            checkLoops();
        }
        checkMeetings();
    }

    private void checkGates() {
        BitSet often = reach(cycles(), positions::follow);
        BitSet askedOften = new BitSet();
        often.stream().forEach(p -> askedOften.or(positions.asked(p)));
        for (int g = 0; g < positions.gates().size(); g++) {
            checkGate(positions.gates().get(g), askedOften.get(g));
        }
    }

    private void checkGate(Node.Gate gate, boolean often) {
        Positions inside = new Positions(gate.body());
        if (inside.count() > MOST_OPEN) {
            throw new UnknownPattern("an assertion of that size");
        }
        Backtracking body = new Backtracking(inside, representatives);
        body.checkAttempt();
        body.addRuns(body.cycles(), inside::follow);
        if (!body.runs.isEmpty() && (often || gate.sight() == Node.Sight.BEHIND)) {
            throw new UnknownPattern("an assertion with a repetition in it");
        }
        runs.addAll(body.runs);
    }

    /** Places that may be read again and again. */
    private BitSet cycles() {
        BitSet cycles = new BitSet();
        for (int p = 0; p < positions.count(); p++) {
            cycles.set(p, reach(positions.follow(p), positions::follow).get(p));
        }
        return cycles;
    }

    /** One run for all places that lead to each other. */
    private void addRuns(BitSet places, IntFunction<BitSet> next) {
        BitSet left = (BitSet) places.clone();
        for (int p = left.nextSetBit(0); p >= 0; p = left.nextSetBit(p)) {
            int one = p;
            BitSet together = reach(next.apply(p), next);
            together.and(left);
            together.stream().filter(q -> !reach(next.apply(q), next).get(one)).forEach(together::clear);
            CharSet run = together.stream()
                    .mapToObj(positions::set)
                    .reduce(CharSet::or)
                    .orElseThrow();
            runs.add(run);
            left.andNot(together);
        }
    }

    /** Sure places after which loops may be tried in vain. */
    private BitSet sureBeforeLoops() {
        BitSet before = new BitSet();
        positions.sure().stream()
                .filter(p -> reach(openAfter(p)).intersects(loops))
                .forEach(before::set);
        return before;
    }

    /** Whether, wherever loops run in vain, the match that is made instead takes what they have run over. */
    private boolean loopsBeginCovered() {
        BitSet sureFirst = (BitSet) positions.first().clone();
        sureFirst.and(positions.sure());
        BitSet openFirst = (BitSet) positions.first().clone();
        openFirst.and(open);
        for (int p = openFirst.nextSetBit(0); p >= 0; p = openFirst.nextSetBit(p + 1)) {
            BitSet run = reach(openAfter(p));
            run.set(p);
            run.and(loops);
            if (!isCovered(p, run, sureFirst)) {
                return false;
            }
        }
        return true;
    }

    /** {@code p}: where a match may begin; {@code run}: the loops after it; {@code sureFirst}: begin other matches. */
    private boolean isCovered(int p, BitSet run, BitSet sureFirst) {
        BitSet left = atoms.of(p);
        left.and(atoms.of(run));
        for (int q = sureFirst.nextSetBit(0); q >= 0; q = sureFirst.nextSetBit(q + 1)) {
            if (!left.intersects(atoms.of(q))) {
                continue;
            }
            // The first to take a character decides. Behind the loop itself it takes the last such character of a run.
            if (!positions.follow(p).get(q) && !takesOn(q, run)) {
                return false;
            }
            left.andNot(atoms.of(q));
        }
        return left.isEmpty();
    }

    /** Whether a loop right behind {@code q} surely takes all that is in {@code run}. */
    private boolean takesOn(int q, BitSet run) {
        BitSet sure = positions.sure();
        return positions.follow(q).stream()
                .anyMatch(r -> sure.get(r) && positions.follow(r).get(r) && atoms.covers(r, run));
    }

    private BitSet openAfter(int p) {
        BitSet next = (BitSet) positions.follow(p).clone();
        next.and(open);
        return next;
    }

    /** {@code from} and all open places that can be come to from there. */
    private BitSet reach(BitSet from) {
        return reach(from, this::openAfter);
    }

    private static BitSet reach(BitSet from, IntFunction<BitSet> next) {
        BitSet reached = (BitSet) from.clone();
        Deque<Integer> todo = new ArrayDeque<>();
        from.stream().forEach(todo::add);
        while (!todo.isEmpty()) {
            next.apply(todo.remove()).stream().filter(q -> !reached.get(q)).forEach(q -> {
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
