package dev.lizard.text.pattern;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The automaton of Glushkov: a state for each place of the expression that reads a character, and which of them may
 * follow which. Repetitions with bounds are written out. Assertions are let through; what they stand behind counts as
 * surely read only where none is left before the end.
 */
final class Positions {
    /** Places that can be looked at together in no time. */
    static final int FEW = 400;

    static final int MOST = 1200;

    /**
     * A part of the expression.
     *
     * @param empty whether it may read nothing
     * @param surelyEmpty whether it may do so without an assertion
     * @param first where reading it may begin
     * @param last where it may end
     * @param sure those of {@code last} after which nothing can refuse it any more
     * @param asked the assertions that may be asked before it reads anything
     */
    private record Part(boolean empty, boolean surelyEmpty, BitSet first, BitSet last, BitSet sure, BitSet asked) {}

    private final List<CharSet> sets = new ArrayList<>();
    private final List<BitSet> follow = new ArrayList<>();
    private final List<Node.Gate> gates = new ArrayList<>();
    private final List<BitSet> asked = new ArrayList<>();
    private final int most;
    private final Part whole;

    Positions(Node node) {
        this(node, MOST);
    }

    /** {@code most}: places and assertions that it may have. */
    Positions(Node node, int most) {
        this.most = most;
        whole = build(node);
    }

    int count() {
        return sets.size();
    }

    CharSet set(int position) {
        return sets.get(position);
    }

    BitSet follow(int position) {
        return follow.get(position);
    }

    BitSet first() {
        return whole.first;
    }

    BitSet sure() {
        return whole.sure;
    }

    /** Whether the whole may match nothing. */
    boolean empty() {
        return whole.empty;
    }

    /** The assertions; sets of them have their indices. */
    List<Node.Gate> gates() {
        return gates;
    }

    /** The assertions that may be asked right behind {@code position}. */
    BitSet asked(int position) {
        return asked.get(position);
    }

    /** The assertions that may be asked where a match begins. */
    BitSet askedFirst() {
        return whole.asked;
    }

    private Part build(Node node) {
        return switch (node) {
            case Node.Chars(CharSet set) -> chars(set);
            case Node.Sequence(List<Node> parts) -> {
                Part all = nothing();
                for (Node part : parts) {
                    all = join(all, build(part));
                }
                yield all;
            }
            case Node.Choice(List<Node> options) -> {
                Part all = build(options.getFirst());
                for (Node option : options.subList(1, options.size())) {
                    all = either(all, build(option));
                }
                yield all;
            }
            case Node.Repeat(Node part, int least, int most) -> repeat(part, least, most);
            case Node.Gate gate -> {
                if (gates.size() >= most) {
                    throw tooMany();
                }
                BitSet self = new BitSet();
                self.set(gates.size());
                gates.add(gate);
                yield new Part(true, false, new BitSet(), new BitSet(), new BitSet(), self);
            }
        };
    }

    /** Two ways to read nothing are tried at every place where they come, and there may be many. */
    private static void checkEmpty(boolean inTwoWays) {
        if (inTwoWays) {
            throw new UnknownPattern("one with a part that may match nothing in two ways");
        }
    }

    private static Part nothing() {
        return new Part(true, true, new BitSet(), new BitSet(), new BitSet(), new BitSet());
    }

    private Part chars(CharSet set) {
        if (sets.size() >= most) {
            throw tooMany();
        }
        BitSet self = new BitSet();
        self.set(sets.size());
        sets.add(set);
        follow.add(new BitSet());
        asked.add(new BitSet());
        return new Part(false, false, self, self, self, new BitSet());
    }

    private UnknownPattern tooMany() {
        return new UnknownPattern("more than " + most + " places written out");
    }

    private Part join(Part left, Part right) {
        link(left.last, right);
        return new Part(
                left.empty && right.empty,
                left.surelyEmpty && right.surelyEmpty,
                left.empty ? union(left.first, right.first) : left.first,
                right.empty ? union(left.last, right.last) : right.last,
                right.surelyEmpty ? union(left.sure, right.sure) : right.sure,
                left.empty ? union(left.asked, right.asked) : left.asked);
    }

    private static Part either(Part left, Part right) {
        checkEmpty(left.empty && right.empty);
        return new Part(
                left.empty || right.empty,
                left.surelyEmpty || right.surelyEmpty,
                union(left.first, right.first),
                union(left.last, right.last),
                union(left.sure, right.sure),
                union(left.asked, right.asked));
    }

    private Part repeat(Node node, int least, int most) {
        Part all = nothing();
        for (int i = 0; i < least; i++) {
            all = join(all, build(node));
        }
        if (most == Node.Repeat.UNBOUNDED) {
            Part again = build(node);
            link(again.last, again);
            return join(all, optional(again));
        }
        Part rest = nothing();
        for (int i = least; i < most; i++) {
            rest = optional(join(build(node), rest));
        }
        return join(all, rest);
    }

    private static Part optional(Part part) {
        checkEmpty(part.empty);
        return new Part(true, true, part.first, part.last, part.sure, part.asked);
    }

    private void link(BitSet from, Part to) {
        from.stream().forEach(p -> {
            follow.get(p).or(to.first);
            asked.get(p).or(to.asked);
        });
    }

    private static BitSet union(BitSet a, BitSet b) {
        BitSet both = (BitSet) a.clone();
        both.or(b);
        return both;
    }
}
