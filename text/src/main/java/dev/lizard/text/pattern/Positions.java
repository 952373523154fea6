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
    private static final int MOST = 400;

    /**
     * A part of the expression.
     *
     * @param empty whether it may read nothing
     * @param surelyEmpty whether it may do so without an assertion
     * @param first where reading it may begin
     * @param last where it may end
     * @param sure those of {@code last} after which nothing can refuse it any more
     */
    private record Part(boolean empty, boolean surelyEmpty, BitSet first, BitSet last, BitSet sure) {}

    private final List<CharSet> sets = new ArrayList<>();
    private final List<BitSet> follow = new ArrayList<>();
    private final List<Gated> gates = new ArrayList<>();
    private final Part whole;

    /** An assertion, and the places that may come right before it. */
    record Gated(Node.Gate gate, BitSet before) {}

    Positions(Node node) {
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

    List<Gated> gates() {
        return gates;
    }

    private Part build(Node node) {
        return switch (node) {
            case Node.Chars(CharSet set) -> chars(set);
            case Node.Sequence(List<Node> parts) -> {
                Part all = nothing();
                for (Node part : parts) {
                    if (part instanceof Node.Gate gate) {
                        gates.add(new Gated(gate, all.last));
                    }
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
            case Node.Gate gate -> new Part(true, false, new BitSet(), new BitSet(), new BitSet());
        };
    }

    private static Part nothing() {
        return new Part(true, true, new BitSet(), new BitSet(), new BitSet());
    }

    private Part chars(CharSet set) {
        if (sets.size() >= MOST) {
            throw new UnknownPattern("more than " + MOST + " places written out");
        }
        BitSet self = new BitSet();
        self.set(sets.size());
        sets.add(set);
        follow.add(new BitSet());
        return new Part(false, false, self, self, self);
    }

    private Part join(Part left, Part right) {
        link(left.last, right.first);
        return new Part(
                left.empty && right.empty,
                left.surelyEmpty && right.surelyEmpty,
                left.empty ? union(left.first, right.first) : left.first,
                right.empty ? union(left.last, right.last) : right.last,
                right.surelyEmpty ? union(left.sure, right.sure) : right.sure);
    }

    private static Part either(Part left, Part right) {
        return new Part(
                left.empty || right.empty,
                left.surelyEmpty || right.surelyEmpty,
                union(left.first, right.first),
                union(left.last, right.last),
                union(left.sure, right.sure));
    }

    private Part repeat(Node node, int least, int most) {
        Part all = nothing();
        for (int i = 0; i < least; i++) {
            all = join(all, build(node));
        }
        if (most == Node.Repeat.UNBOUNDED) {
            Part again = build(node);
            link(again.last, again.first);
            return join(all, optional(again));
        }
        Part rest = nothing();
        for (int i = least; i < most; i++) {
            rest = optional(join(build(node), rest));
        }
        return join(all, rest);
    }

    private static Part optional(Part part) {
        return new Part(true, true, part.first, part.last, part.sure);
    }

    private void link(BitSet from, BitSet to) {
        from.stream().forEach(p -> follow.get(p).or(to));
    }

    private static BitSet union(BitSet a, BitSet b) {
        BitSet both = (BitSet) a.clone();
        both.or(b);
        return both;
    }
}
