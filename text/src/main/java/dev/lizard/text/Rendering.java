package dev.lizard.text;

import java.util.ArrayList;
import java.util.List;

/**
 * A text for a model, and which parts of it are quoted: words of a message or of a data record. What a quoted part
 * spells is never a control token; those come from the rest alone, which a chat template wrote.
 *
 * @param quotes in order, not overlapping
 */
public record Rendering(String text, List<Quote> quotes) {
    /**
     * Characters {@code begin} to {@code end}, the latter not included.
     *
     * @param source whose words they are: the number of the message, from 0, or {@link #OTHER}
     * @param spoken whether the assistant said so: then added tokens that the tokenizer does not call special
     *     ({@code </think>}) are tokens, since the model writes them itself
     */
    public record Quote(int begin, int end, int source, boolean spoken) {
        Quote moved(int by) {
            return new Quote(begin + by, end + by, source, spoken);
        }
    }

    /** The source of words that stand in no message, such as descriptions of tools. */
    public static final int OTHER = -1;

    public Rendering {
        quotes = List.copyOf(quotes);
    }

    /** Text whose special tokens count. */
    public static Rendering trusted(String text) {
        return new Rendering(text, List.of());
    }

    /** Text that is quoted as a whole; added tokens that are not special are tokens, special ones characters. */
    public static Rendering quoted(String text) {
        return new Rendering(text, text.isEmpty() ? List.of() : List.of(new Quote(0, text.length(), OTHER, true)));
    }

    /** The part from {@code begin} to {@code end}, the latter not included. */
    public Rendering part(int begin, int end) {
        List<Quote> kept = new ArrayList<>();
        for (Quote quote : quotes) {
            int from = Math.max(quote.begin(), begin);
            int to = Math.min(quote.end(), end);
            if (from < to) {
                kept.add(new Quote(from - begin, to - begin, quote.source(), quote.spoken()));
            }
        }
        return new Rendering(text.substring(begin, end), kept);
    }

    /** The part from {@code begin} on. */
    public Rendering from(int begin) {
        return begin == 0 ? this : part(begin, text.length());
    }

    /** This and {@code next} after it. */
    public Rendering plus(Rendering next) {
        List<Quote> all = new ArrayList<>(quotes);
        next.quotes.forEach(quote -> all.add(quote.moved(text.length())));
        return new Rendering(text + next.text, all);
    }
}
