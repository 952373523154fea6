package dev.lizard.text;

import java.io.Reader;
import java.io.StringReader;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Encodes texts of any length part by part, with the ids of the whole. What a tokenizer adds comes once, around all.
 * Other than in a {@link TokenStream} a text may be quoted, and tokens have their places.
 */
final class LongText {
    /** What is quoted in the part {@code text}, which begins at {@code at}. */
    @FunctionalInterface
    private interface Quotes {
        Rendering of(int at, String text);
    }

    private LongText() {}

    /** {@code parts} gets what {@link Tokenizer#encode(Rendering, boolean)} gives, in parts. */
    static void encode(Tokenizer tokenizer, Rendering text, boolean addSpecial, Consumer<Tokenized> parts) {
        Quotes quotes = (at, part) -> text.part(at, at + part.length());
        encode(tokenizer, new StringReader(text.text()), quotes, addSpecial, parts);
    }

    /** As above, for a text that is quoted as a whole. */
    static void encode(Tokenizer tokenizer, Passage quoted, boolean addSpecial, Consumer<Tokenized> parts) {
        encode(tokenizer, quoted.reader(), (at, part) -> Rendering.quoted(part), addSpecial, parts);
    }

    private static void encode(
            Tokenizer tokenizer, Reader reader, Quotes quotes, boolean addSpecial, Consumer<Tokenized> parts) {
        TextParts texts = new TextParts(reader, tokenizer::cut, true);
        String text = texts.next();
        Tokenized first = tokenizer.encode(quotes.of(0, text), addSpecial);
        int kept = first.ids().length;
        while (texts.hasNext() && kept > 0 && first.starts()[kept - 1] < 0) {
            kept--; // what is added behind a text
        }
        parts.accept(part(first, 0, kept, 0));
        int previous = kept == 0 ? 0 : first.ids()[kept - 1];
        int begin = text.length();
        while (texts.hasNext()) {
            text = texts.next();
            Tokenized next = tokenizer.encodeContinuation(quotes.of(begin, text), previous);
            int count = next.ids().length;
            previous = count == 0 ? previous : next.ids()[count - 1];
            parts.accept(part(next, 0, count, begin));
            begin += text.length();
        }
        parts.accept(part(first, kept, first.ids().length, 0));
    }

    private static Tokenized part(Tokenized all, int from, int to, int shift) {
        int[] starts = Arrays.copyOfRange(all.starts(), from, to);
        Arrays.setAll(starts, i -> starts[i] < 0 ? -1 : starts[i] + shift);
        return new Tokenized(Arrays.copyOfRange(all.ids(), from, to), starts);
    }
}
