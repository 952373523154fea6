package dev.lizard.base;

/**
 * Text out of files as part of a message: what would end the line or act on a terminal is spelt ({@code \n}), and what is
 * too long is cut.
 */
public final class OneLine {
    /** Characters of a message's beginning, which says what and where, and of its end, which says what to do. */
    private static final int HEAD = 900;

    private static final int TAIL = 300;

    private OneLine() {}

    /** A message; what is longer than a screen loses its middle. */
    public static String of(String message) {
        String line = spelt(message);
        return line.length() <= HEAD + TAIL
                ? line
                : line.substring(0, HEAD) + " ... " + line.substring(line.length() - TAIL);
    }

    /** A name or value, cut after {@code longest} characters. */
    public static String of(String text, int longest) {
        return spelt(text.length() <= longest ? text : text.substring(0, longest) + "...");
    }

    private static String spelt(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (c == '\n') {
                line.append("\\n");
            } else if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
                line.append("\\u%04x".formatted(c));
            } else {
                line.appendCodePoint(c);
            }
        });
        return line.toString();
    }
}
