package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * What a template wrote.
 *
 * @param quotes the parts that came from {@link Quoted} variables, in order
 */
public record Written(String text, List<Quote> quotes) {
    /** Characters {@code begin} to {@code end}, the latter not included. */
    public record Quote(int begin, int end, int source) {}

    static Written of(Text text) {
        List<Quote> quotes = new ArrayList<>();
        for (int i = 0; i < text.marks().length; i += 3) {
            quotes.add(new Quote(text.marks()[i], text.marks()[i + 1], text.marks()[i + 2]));
        }
        return new Written(text.chars(), quotes);
    }
}
