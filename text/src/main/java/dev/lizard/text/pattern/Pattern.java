package dev.lizard.text.pattern;

import java.util.BitSet;
import java.util.List;

/** A regular expression that we have read and looked through. */
public final class Pattern {
    private static final int BRIEF = 4;

    private final Positions positions;
    private final Neighbours neighbours;
    private final List<CharSet> runs;

    private Pattern(Positions positions, List<CharSet> runs) {
        this.positions = positions;
        this.neighbours = new Neighbours(positions);
        this.runs = runs;
    }

    /**
     * Reads an expression and proves that each attempt of a backtracking matcher takes a number of steps in proportion
     * to the text; of all attempts together that holds where {@link #longestRun} is bounded.
     *
     * @throws UnknownPattern where it is malformed, has a construct that we do not know, or may take more steps
     */
    public static Pattern of(String expression) {
        if (expression.isEmpty()) {
            throw new UnknownPattern("nothing");
        }
        // White space but for the last of it costs what white space costs: it gives back one character at most.
        Positions steps =
                new Positions(brief(PatternParser.parse(expression.replace("\\s+(?!\\S)", "\\s+"))), Positions.FEW);
        if (steps.empty()) {
            checkEmpty(steps);
        }
        List<CharSet> runs = new Backtracking(steps, Representatives.of(expression)).check();
        return new Pattern(new Positions(PatternParser.parse(expression)), runs);
    }

    /** What may read nothing is of use only where it looks at what stands there. */
    private static void checkEmpty(Positions steps) {
        if (steps.askedFirst().isEmpty() || !steps.first().isEmpty()) {
            throw new UnknownPattern("an expression that matches nothing at all places");
        }
    }

    /** Alternatives that are one long repetition of one character fail as shorter ones do. */
    private static Node brief(Node node) {
        return node instanceof Node.Choice(List<Node> options)
                ? new Node.Choice(options.stream().map(Pattern::briefOption).toList())
                : node;
    }

    private static Node briefOption(Node option) {
        return option instanceof Node.Sequence(List<Node> parts)
                        && parts.size() == 2
                        && parts.getFirst() instanceof Node.Repeat(Node.Chars chars, int least, int most)
                        && parts.getLast() instanceof Node.Gate gate
                        && least == most
                ? new Node.Sequence(
                        List.of(new Node.Repeat(chars, Math.min(least, BRIEF), Math.min(most, BRIEF)), gate))
                : option;
    }

    /**
     * Reads an expression of which it is known that it is harmless.
     *
     * @throws UnknownPattern where it is malformed or has a construct that we do not know
     */
    public static Pattern known(String expression) {
        return new Pattern(new Positions(PatternParser.parse(expression)), List.of());
    }

    /** Reads a text that is to be found as it is. */
    public static Pattern literal(String text) {
        return new Pattern(
                new Positions(new Node.Sequence(text.codePoints()
                        .<Node>mapToObj(c -> new Node.Chars(CharSet.of(c)))
                        .toList())),
                List.of());
    }

    /** Whether {@code c} is white space as Unicode and the library have it, which Java does not. */
    public static boolean isSpace(int c) {
        return CharSet.SPACE.has(c);
    }

    /** Whether this may read a run again for each of its characters, so that time grows with the run's square. */
    public boolean rereads() {
        return !runs.isEmpty();
    }

    /** A part of a text: its characters, and the first few of them. */
    public record Run(int length, String beginning) {}

    /** The longest run in {@code text} that this may read again for each of its characters. */
    public Run longestRun(String text) {
        int longest = 0;
        int end = 0;
        for (CharSet run : runs) {
            int length = 0;
            for (int i = 0; i < text.length(); ) {
                int c = text.codePointAt(i);
                i += Character.charCount(c);
                length = run.has(c) ? length + 1 : 0;
                if (length > longest) {
                    longest = length;
                    end = i;
                }
            }
        }
        int begin = text.offsetByCodePoints(end, -longest);
        return new Run(longest, text.substring(begin, text.offsetByCodePoints(begin, Math.min(longest, 10))));
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
        return !neighbours.meet(left, right);
    }
}
