package dev.lizard.text.pattern;

/** Reads what stands for one character: a bracket with its nested brackets and intersections, or an escape. */
final class CharClassParser {
    private static final int DEEPEST = 20;

    private final String source;
    private int position;
    private int depth;

    /** Begins behind the opening bracket or the backslash. */
    CharClassParser(String source, int position) {
        this.source = source;
        this.position = position;
    }

    /** Where what was read ends. */
    int position() {
        return position;
    }

    /** The rest of a bracket. */
    CharSet set() {
        if (++depth > DEEPEST) {
            throw new UnknownPattern("brackets " + DEEPEST + " deep");
        }
        boolean negative = take("^");
        CharSet all = CharSet.ALL;
        CharSet part = c -> false;
        if (source.startsWith("]", position)) {
            throw new UnknownPattern("an empty bracket");
        }
        while (!take("]")) {
            if (take("&&")) {
                all = all.and(part);
                part = c -> false;
            } else {
                part = part.or(element());
            }
        }
        CharSet set = all.and(part);
        depth--;
        return negative ? set.not() : set;
    }

    private CharSet element() {
        if (take("[:")) {
            int end = source.indexOf(":]", position);
            String name = end < 0 ? "" : source.substring(position, end);
            boolean negative = name.startsWith("^");
            CharSet set = known(negative ? name.substring(1) : name);
            position = end + 2;
            return negative ? set.not() : set;
        }
        if (take("[")) {
            return set();
        }
        int from = source.length() > position ? source.codePointAt(position) : -1;
        boolean single = from != '\\' || isSingleEscape();
        if (!single) {
            position++;
            return escape();
        }
        from = one();
        if (position + 1 < source.length() && source.charAt(position) == '-' && source.charAt(position + 1) != ']') {
            position++;
            if (source.charAt(position) == '[' || (source.charAt(position) == '\\' && !isSingleEscape())) {
                throw new UnknownPattern("a range to a set");
            }
            int to = one();
            if (to < from) {
                throw new UnknownPattern("an empty range");
            }
            return CharSet.range(from, to);
        }
        return CharSet.of(from);
    }

    /** Whether the escape here stands for one character rather than for a set. */
    private boolean isSingleEscape() {
        return position + 1 < source.length() && "sSdDwWhHpP".indexOf(source.charAt(position + 1)) < 0;
    }

    /** One character, escaped or not. */
    private int one() {
        int c = read();
        return c == '\\' ? escapedCharacter() : c;
    }

    /** What follows a backslash, as a set. */
    CharSet escape() {
        if (position >= source.length()) {
            throw new UnknownPattern("a backslash at the end");
        }
        char c = source.charAt(position);
        return switch (c) {
            case 's', 'S', 'd', 'D', 'w', 'W', 'h', 'H' -> {
                position++;
                CharSet set = switch (Character.toLowerCase(c)) {
                    case 's' -> CharSet.SPACE;
                    case 'd' -> CharSet.DIGIT;
                    case 'w' -> CharSet.WORD;
                    default -> CharSet.HEX;
                };
                yield Character.isUpperCase(c) ? set.not() : set;
            }
            case 'p', 'P' -> {
                position++;
                yield property(c == 'P');
            }
            default -> CharSet.of(escapedCharacter());
        };
    }

    private CharSet property(boolean not) {
        int end = source.indexOf('}', position);
        if (!take("{") || end < 0) {
            throw new UnknownPattern("\\p without a name in braces");
        }
        String name = source.substring(position, end);
        position = end + 1;
        boolean negative = name.startsWith("^");
        CharSet set = known(negative ? name.substring(1) : name);
        return negative == not ? set : set.not();
    }

    private static CharSet known(String name) {
        CharSet set = CharSet.named(name);
        if (set == null) {
            throw new UnknownPattern("the property '" + name + "'");
        }
        return set;
    }

    private int escapedCharacter() {
        int c = read();
        return switch (c) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'f' -> '\f';
            case 'v' -> 0x0B;
            case 'a' -> 7;
            case 'e' -> 27;
            case 'u' -> hex(4);
            case 'x' -> {
                if (take("{")) {
                    int end = source.indexOf('}', position);
                    int value = hex(Math.max(1, Math.min(8, end - position)));
                    if (!take("}")) {
                        throw new UnknownPattern("\\x{ without }");
                    }
                    yield value;
                }
                yield hex(2);
            }
            default -> {
                if (Character.isLetterOrDigit(c)) {
                    throw new UnknownPattern("\\" + Character.toString(c));
                }
                yield c;
            }
        };
    }

    private int hex(int digits) {
        int end = position + digits;
        String text = end <= source.length() ? source.substring(position, end) : "";
        if (!text.matches("[0-9a-fA-F]+")) {
            throw new UnknownPattern("a character by its number without the number");
        }
        position = end;
        long value = Long.parseLong(text, 16);
        if (value > Character.MAX_CODE_POINT) {
            throw new UnknownPattern("a character beyond Unicode");
        }
        return (int) value;
    }

    private int read() {
        if (position >= source.length()) {
            throw new UnknownPattern("an end in the middle");
        }
        int c = source.codePointAt(position);
        position += Character.charCount(c);
        return c;
    }

    private boolean take(String wanted) {
        if (source.startsWith(wanted, position)) {
            position += wanted.length();
            return true;
        }
        return false;
    }
}
