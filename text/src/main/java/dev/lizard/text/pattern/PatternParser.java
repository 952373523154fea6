package dev.lizard.text.pattern;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the expressions that tokenizers use; refuses what it does not know rather than guess. */
final class PatternParser {
    private static final int DEEPEST = 50;
    private static final int MOST_REPEATS = 1000;

    private final String source;
    private int position;
    private int depth;
    private boolean anyCase;
    private boolean dotIsAll;

    private PatternParser(String source) {
        this.source = source;
    }

    static Node parse(String source) {
        PatternParser parser = new PatternParser(source);
        Node node = parser.choice();
        if (parser.position < source.length()) {
            throw new UnknownPattern("')' without '('");
        }
        return node;
    }

    private Node choice() {
        if (++depth > DEEPEST) {
            throw new UnknownPattern("groups " + DEEPEST + " deep");
        }
        boolean caseBefore = anyCase;
        boolean dotBefore = dotIsAll;
        List<Node> options = new ArrayList<>();
        options.add(sequence());
        while (take('|')) {
            options.add(sequence());
        }
        anyCase = caseBefore;
        dotIsAll = dotBefore;
        depth--;
        return options.size() == 1 ? options.getFirst() : new Node.Choice(options);
    }

    private Node sequence() {
        List<Node> parts = new ArrayList<>();
        while (position < source.length() && peek() != '|' && peek() != ')') {
            Node part = quantified(atom());
            CharSet seen = parts.isEmpty() ? null : seenAhead(parts.getLast());
            if (seen != null && part instanceof Node.Chars(CharSet set)) {
                // A look at the next character and then that character: one set says it.
                parts.removeLast();
                part = new Node.Chars(seen.and(set));
            }
            parts.add(part);
        }
        return parts.size() == 1 ? parts.getFirst() : new Node.Sequence(parts);
    }

    private static @Nullable CharSet seenAhead(Node node) {
        return node instanceof Node.Gate(Node.Sight sight, Node.Chars(CharSet set), boolean negative)
                        && sight == Node.Sight.AHEAD
                ? negative ? set.not() : set
                : null;
    }

    private Node quantified(Node atom) {
        Node node = atom;
        while (position < source.length()) {
            int least;
            int most;
            char c = peek();
            if (c == '*' || c == '+' || c == '?') {
                position++;
                least = c == '+' ? 1 : 0;
                most = c == '?' ? 1 : Node.Repeat.UNBOUNDED;
            } else if (c == '{') {
                int[] bounds = bounds();
                if (bounds.length == 0) {
                    return node;
                }
                least = bounds[0];
                most = bounds[1];
            } else {
                return node;
            }
            if (node instanceof Node.Gate) {
                throw new UnknownPattern("a repeated assertion");
            }
            // Reluctant and possessive forms match by the same steps in another order, or by fewer.
            if (c == '{' ? take('?') : take('?') || take('+')) {
                node = new Node.Repeat(node, least, most);
                continue;
            }
            node = new Node.Repeat(node, least, most);
        }
        return node;
    }

    /** {@code {n}}, {@code {n,}}, {@code {,m}} or {@code {n,m}}; nothing read and nothing given where it is no such. */
    private int[] bounds() {
        int end = source.indexOf('}', position);
        String inside = end < 0 ? "" : source.substring(position + 1, end);
        if (!inside.matches("[0-9]+|[0-9]+,|,[0-9]+|[0-9]+,[0-9]+")) {
            throw new UnknownPattern("'{' that begins no repetition");
        }
        position = end + 1;
        int comma = inside.indexOf(',');
        int least = number(comma < 0 ? inside : inside.substring(0, comma));
        String last = inside.substring(comma + 1);
        int most = last.isEmpty() ? Node.Repeat.UNBOUNDED : number(last);
        if (most != Node.Repeat.UNBOUNDED && most < least) {
            throw new UnknownPattern("the repetition {" + inside + "}");
        }
        return new int[] {least, most};
    }

    private static int number(String digits) {
        if (digits.length() > 4 || (!digits.isEmpty() && Integer.parseInt(digits) > MOST_REPEATS)) {
            throw new UnknownPattern("more than " + MOST_REPEATS + " repetitions");
        }
        return digits.isEmpty() ? 0 : Integer.parseInt(digits);
    }

    private Node atom() {
        int c = next();
        return switch (c) {
            case '(' -> group();
            case '[' -> chars(new CharClassParser(source, position));
            case '.' -> new Node.Chars(dotIsAll ? CharSet.ALL : CharSet.of('\n').not());
            case '$' -> new Node.Gate(Node.Sight.END, Node.EMPTY, false);
            case '^' -> new Node.Gate(Node.Sight.AROUND, Node.EMPTY, false);
            case '\\' -> escape();
            case '*', '+', '?' -> throw new UnknownPattern("'%c' with nothing before it".formatted(c));
            default -> literal(CharSet.of(c));
        };
    }

    private Node literal(CharSet set) {
        return new Node.Chars(anyCase ? set.anyCase() : set);
    }

    private Node chars(CharClassParser parser) {
        CharSet set = parser.set();
        position = parser.position();
        return literal(set);
    }

    private Node escape() {
        if (position < source.length() && "AzZbBG".indexOf(peek()) >= 0) {
            position++;
            return new Node.Gate(Node.Sight.AROUND, Node.EMPTY, false);
        }
        CharClassParser parser = new CharClassParser(source, position);
        CharSet set = parser.escape();
        position = parser.position();
        return literal(set);
    }

    private Node group() {
        if (!take('?')) {
            return closed(choice());
        }
        int c = next();
        return switch (c) {
            case ':', '>' -> closed(choice());
            case '=', '!' -> new Node.Gate(Node.Sight.AHEAD, closed(choice()), c == '!');
            case '<' -> {
                int sign = next();
                if (sign == '=' || sign == '!') {
                    yield new Node.Gate(Node.Sight.BEHIND, closed(choice()), sign == '!');
                }
                int end = source.indexOf('>', position);
                if (end < 0 || !Character.isLetter(sign)) {
                    throw new UnknownPattern("the name of a group");
                }
                position = end + 1;
                yield closed(choice());
            }
            default -> {
                position--;
                yield flags();
            }
        };
    }

    /** {@code (?i:...)}, or {@code (?i)} which holds to the end of the group. */
    private Node flags() {
        boolean caseBefore = anyCase;
        boolean dotBefore = dotIsAll;
        boolean on = true;
        while (true) {
            int c = next();
            switch (c) {
                case '-' -> on = false;
                case 'i' -> anyCase = on;
                case 'm' -> dotIsAll = on;
                case ':' -> {
                    Node inside = closed(choice());
                    anyCase = caseBefore;
                    dotIsAll = dotBefore;
                    return inside;
                }
                case ')' -> {
                    // What follows up to the group's end, its alternatives too, is inside.
                    Node rest = choice();
                    anyCase = caseBefore;
                    dotIsAll = dotBefore;
                    return rest;
                }
                default -> throw new UnknownPattern("the group '(?%c'".formatted(c));
            }
        }
    }

    private Node closed(Node inside) {
        if (!take(')')) {
            throw new UnknownPattern("'(' without ')'");
        }
        return inside;
    }

    private char peek() {
        return source.charAt(position);
    }

    private boolean take(char wanted) {
        if (position < source.length() && peek() == wanted) {
            position++;
            return true;
        }
        return false;
    }

    private int next() {
        if (position >= source.length()) {
            throw new UnknownPattern("an end in the middle");
        }
        int c = source.codePointAt(position);
        position += Character.charCount(c);
        return c;
    }
}
