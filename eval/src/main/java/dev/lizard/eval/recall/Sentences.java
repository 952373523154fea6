package dev.lizard.eval.recall;

/** Where sentences begin in a text on one line. */
final class Sentences {
    private Sentences() {}

    /** The beginning of the first sentence at or behind {@code from}; the text's length where none begins there. */
    static int next(String text, int from) {
        for (int i = Math.max(0, from); i < text.length(); i++) {
            if (begins(text, i)) {
                return i;
            }
        }
        return text.length();
    }

    /** The beginning of a sentence, or the text's end, that is nearest to {@code place}. */
    static int nearest(String text, int place) {
        int behind = next(text, place);
        int before = Math.min(place, text.length());
        while (before > 0 && !begins(text, before)) {
            before--;
        }
        return place - before <= behind - place ? before : behind;
    }

    private static boolean begins(String text, int at) {
        if (at == 0) {
            return true;
        }
        if (at < 2 || at >= text.length() || text.charAt(at - 1) != ' ') {
            return false;
        }
        char last = text.charAt(at - 2);
        boolean quoted = (last == '"' || last == '\'' || last == '\u201d') && at > 2;
        return ".!?".indexOf(quoted ? text.charAt(at - 3) : last) >= 0;
    }
}
