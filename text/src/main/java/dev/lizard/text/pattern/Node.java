package dev.lizard.text.pattern;

import java.util.List;

/** A regular expression as a tree. How it captures and which alternative it prefers is of no matter here. */
sealed interface Node {
    /** Nothing, which always matches. */
    Node EMPTY = new Sequence(List.of());

    /** One character out of a set. */
    record Chars(CharSet set) implements Node {}

    record Sequence(List<Node> parts) implements Node {}

    record Choice(List<Node> options) implements Node {}

    /** {@code most} is {@link #UNBOUNDED} for no end. */
    record Repeat(Node part, int least, int most) implements Node {
        static final int UNBOUNDED = -1;
    }

    /** What reads nothing but may refuse: an anchor, or a look at the character before or after. */
    record Gate(Sight sight, Node body, boolean negative) implements Node {}

    /** Where a gate looks. */
    enum Sight {
        AHEAD,
        BEHIND,
        /** At what follows: the end of the text or of a line. */
        END,
        /** At both neighbours, or at a beginning. */
        AROUND
    }
}
