package dev.lizard.text.jinja;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/** Builds a {@link Text} piece by piece, within a budget. */
final class TextBuilder {
    private final Budget budget;
    private final StringBuilder chars = new StringBuilder();
    private int[] marks = Text.OWN;
    private int count;

    TextBuilder(Budget budget) {
        this.budget = budget;
    }

    /** Appends the template's own. */
    TextBuilder append(String text) {
        return append(text, 0);
    }

    TextBuilder append(String text, int source) {
        budget.make(chars.length(), text.length());
        mark(chars.length(), chars.length() + text.length(), source);
        chars.append(text);
        return this;
    }

    TextBuilder append(Text text) {
        return append(text, 0, text.length());
    }

    TextBuilder append(Text text, int begin, int end) {
        budget.make(chars.length(), end - begin);
        int shift = chars.length() - begin;
        int[] from = text.marks();
        for (int i = 0; i < from.length && from[i] < end; i += 3) {
            mark(Math.max(from[i], begin) + shift, Math.min(from[i + 1], end) + shift, from[i + 2]);
        }
        chars.append(text.chars(), begin, end);
        return this;
    }

    TextBuilder repeat(Text text, long times) {
        budget.make(
                chars.length(),
                Math.multiplyHigh(text.length(), times) != 0 ? Long.MAX_VALUE / 2 : text.length() * times);
        for (long i = 0; i < times && !text.isEmpty(); i++) {
            int shift = chars.length();
            for (int m = 0; m < text.marks().length; m += 3) {
                mark(text.marks()[m] + shift, text.marks()[m + 1] + shift, text.marks()[m + 2]);
            }
            chars.append(text.chars());
        }
        return this;
    }

    private void mark(int begin, int end, int source) {
        if (source == 0 || begin >= end) {
            return;
        }
        if (count > 0 && marks[count - 1] == source && marks[count - 2] == begin) {
            marks[count - 2] = end;
            return;
        }
        if (count + 3 > marks.length) {
            budget.make(0, count); // marks take memory too
            marks = Arrays.copyOf(marks, Math.max(12, 2 * count));
        }
        marks[count++] = begin;
        marks[count++] = end;
        marks[count++] = source;
    }

    int length() {
        return chars.length();
    }

    Text build() {
        return chars.isEmpty()
                ? Text.EMPTY
                : new Text(chars.toString(), count == 0 ? Text.OWN : Arrays.copyOf(marks, count));
    }

    /** {@code text} with {@code change} done to each part of one source. */
    static Text mapped(Text text, UnaryOperator<String> change, Budget budget) {
        TextBuilder built = new TextBuilder(budget);
        int at = 0;
        for (int i = 0; i < text.marks().length; i += 3) {
            built.append(change.apply(text.chars().substring(at, text.marks()[i])));
            at = text.marks()[i + 1];
            built.append(change.apply(text.chars().substring(text.marks()[i], at)), text.marks()[i + 2]);
        }
        return built.append(change.apply(text.chars().substring(at))).build();
    }
}
