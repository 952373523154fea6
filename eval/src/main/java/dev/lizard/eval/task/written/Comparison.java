package dev.lizard.eval.task.written;

import java.util.List;
import java.util.regex.Pattern;

/** How well a written answer fits a right one, from 0 to 1. Only DROP's have more than one span. */
public enum Comparison {
    /** Equal as they stand. */
    EXACT,
    /** The right one stands somewhere in the written, in capitals or small. */
    CONTAINS,
    /** As {@link #CONTAINS} of words without articles and punctuation: the measure of open-book Natural Questions. */
    CONTAINS_WORDS,
    SQUAD_EXACT,
    SQUAD_F1,
    DROP_EXACT,
    DROP_F1;

    /** With the right answer that it fits best; each is of one or more spans. */
    public double best(String written, List<List<String>> right) {
        return right.stream().mapToDouble(spans -> of(written, spans)).max().orElseThrow();
    }

    double of(String written, List<String> spans) {
        String right = spans.getFirst();
        return switch (this) {
            case EXACT -> number(written.equals(right));
            case CONTAINS -> number(contains(written, right));
            case CONTAINS_WORDS -> number(SquadWords.normal(written).contains(SquadWords.normal(right)));
            case SQUAD_EXACT -> number(SquadWords.normal(written).equals(SquadWords.normal(right)));
            case SQUAD_F1 -> SquadWords.f1(written, right);
            case DROP_EXACT ->
                number(spans.size() == 1 && DropWords.normal(written).equals(DropWords.normal(right)));
            case DROP_F1 -> DropWords.f1(written, spans);
        };
    }

    private static boolean contains(String text, String part) {
        int flags = Pattern.LITERAL | Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE;
        return Pattern.compile(part, flags).matcher(text).find();
    }

    private static double number(boolean hit) {
        return hit ? 1 : 0;
    }
}
