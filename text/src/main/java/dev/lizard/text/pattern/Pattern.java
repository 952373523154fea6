package dev.lizard.text.pattern;

import java.util.BitSet;

/** A regular expression that we have read and looked through. */
public final class Pattern {
    private final Positions positions;

    private Pattern(Positions positions) {
        this.positions = positions;
    }

    /**
     * Reads an expression and proves that a backtracking matcher takes a number of steps in proportion to the text.
     *
     * @throws UnknownPattern where it is malformed, has a construct that we do not know, or may take more steps
     */
    public static Pattern of(String expression) {
        if (expression.isEmpty()) {
            throw new UnknownPattern("nothing");
        }
        // White space but for the last of it costs what white space costs: it gives back one character at most.
        Positions steps = new Positions(PatternParser.parse(expression.replace("\\s+(?!\\S)", "\\s+")));
        if (steps.empty()) {
            throw new UnknownPattern("an expression that matches nothing at all places");
        }
        new Backtracking(steps, Representatives.of(expression)).check();
        return known(expression);
    }

    /**
     * Reads an expression of which it is known that it is harmless.
     *
     * @throws UnknownPattern where it is malformed or has a construct that we do not know
     */
    public static Pattern known(String expression) {
        return new Pattern(new Positions(PatternParser.parse(expression)));
    }

    /** Reads a text that is to be found as it is. */
    public static Pattern literal(String text) {
        return new Pattern(new Positions(new Node.Sequence(text.codePoints()
                .<Node>mapToObj(c -> new Node.Chars(CharSet.of(c)))
                .toList())));
    }

    /** Whether every match that could begin at {@code c} does: the expression takes this character, whatever follows. */
    public boolean takes(int c) {
        BitSet sure = (BitSet) positions.first().clone();
        sure.and(positions.sure());
        return sure.stream().anyMatch(p -> positions.set(p).has(c));
    }

    /**
     * Whether no match ever depends on {@code left} and {@code right} being neighbours: none reads both, and no
     * assertion looks from one to the other.
     */
    public boolean parts(int left, int right) {
        for (int p = 0; p < positions.count(); p++) {
            boolean joins = positions.set(p).has(left)
                    && positions.follow(p).stream()
                            .anyMatch(next -> positions.set(next).has(right));
            if (joins) {
                return false;
            }
        }
        return positions.gates().stream().noneMatch(gated -> looks(gated, left));
    }

    private boolean looks(Positions.Gated gated, int left) {
        Node.Gate gate = gated.gate();
        boolean nextOnly = gate.sight() == Node.Sight.AHEAD && gate.body() instanceof Node.Chars;
        // With something of this match before it, the assertion is asked right behind that alone.
        return !nextOnly
                || gated.before().isEmpty()
                || gated.before().stream().anyMatch(p -> positions.set(p).has(left));
    }
}
