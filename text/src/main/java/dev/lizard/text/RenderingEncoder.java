package dev.lizard.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Encodes text of which parts are quoted, and continuations. Where quotes spell no token, which is nearly always, the
 * tokenizer reads the text as it is. Else a twin reads it whose markers have other names, which no text can spell; the
 * markers that count are written in the text by those names.
 */
final class RenderingEncoder {
    /** One of the tokenizer's twins. */
    @FunctionalInterface
    interface Twin {
        Tokenized encode(String text, boolean addSpecial);
    }

    private final AddedTokens tokens;
    private final boolean marksBeginning;
    private final Twin plain;
    private final Twin masked;
    private final Twin unmarked;

    /**
     * @param marksBeginning whether {@code plain} and {@code masked} put a mark before a text
     * @param masked the tokenizer with markers called by their stand-ins
     * @param unmarked the same without the mark before a text
     */
    RenderingEncoder(AddedTokens tokens, boolean marksBeginning, Twin plain, Twin masked, Twin unmarked) {
        this.tokens = tokens;
        this.marksBeginning = marksBeginning;
        this.plain = plain;
        this.masked = masked;
        this.unmarked = unmarked;
    }

    /** Whether the tokenizer puts a mark before a text, which a continuation must not have. */
    boolean marksBeginning() {
        return marksBeginning;
    }

    Tokenized encode(Rendering text, boolean addSpecial) {
        if (text.quotes().isEmpty()) {
            return plain.encode(text.text(), addSpecial);
        }
        AddedTokens.Search search = tokens.search(text);
        return search.others() || tokens.marksNormalized()
                ? encodeMasked(masked, text.text(), search.found(), addSpecial)
                : plain.encode(text.text(), addSpecial);
    }

    /** {@code afterAdded}: an added token was read just before. */
    Tokenized continuation(Rendering text, boolean afterAdded) {
        if (!marksBeginning || text.text().isEmpty()) {
            return encode(text, false);
        }
        // The mark belongs to what stands before the first added token; what comes after one is as in any text.
        List<AddedTokens.Found> found = tokens.search(text).found();
        int cut = found.isEmpty() ? text.text().length() : AddedTokens.cut(found.getFirst(), text.text(), 0);
        if (cut == 0) {
            return encode(text, false);
        }
        Tokenized head = head(text.text().substring(0, cut), afterAdded);
        return cut == text.text().length() ? head : joined(head, encode(text.from(cut), false), cut);
    }

    /** Text without added tokens that goes on. */
    private Tokenized head(String text, boolean afterAdded) {
        int marker = 0;
        while (marker < tokens.all().size() && !tokens.all().get(marker).marks()) {
            marker++;
        }
        if (!afterAdded || marker == tokens.all().size()) {
            return encodeMasked(unmarked, text, List.of(), false);
        }
        String standIn = TokenizerVariants.standIn(marker);
        Tokenized tokenized = masked.encode(standIn + clean(text, 0, text.length()), false);
        int[] starts = Arrays.copyOfRange(tokenized.starts(), 1, tokenized.starts().length);
        return new Tokenized(
                Arrays.copyOfRange(tokenized.ids(), 1, tokenized.ids().length),
                Arrays.stream(starts)
                        .map(start -> start < 0 ? -1 : Math.max(0, start - standIn.length()))
                        .toArray());
    }

    private static Tokenized joined(Tokenized head, Tokenized tail, int shift) {
        int[] ids = Arrays.copyOf(head.ids(), head.ids().length + tail.ids().length);
        int[] starts = Arrays.copyOf(head.starts(), ids.length);
        for (int i = 0; i < tail.ids().length; i++) {
            ids[head.ids().length + i] = tail.ids()[i];
            starts[head.ids().length + i] = tail.starts()[i] < 0 ? -1 : tail.starts()[i] + shift;
        }
        return new Tokenized(ids, starts);
    }

    private static Tokenized encodeMasked(Twin twin, String text, List<AddedTokens.Found> found, boolean addSpecial) {
        StringBuilder written = new StringBuilder();
        List<int[]> places = new ArrayList<>(); // [after in written, after in text]
        int at = 0;
        for (AddedTokens.Found one : found) {
            if (!one.token().marks()) {
                continue; // called by its own name there too
            }
            written.append(clean(text, at, one.begin()));
            places.add(new int[] {written.length(), one.begin()});
            written.append(TokenizerVariants.standIn(one.token().index()));
            places.add(new int[] {written.length(), one.end()});
            at = one.end();
        }
        written.append(clean(text, at, text.length()));
        Tokenized tokenized = twin.encode(written.toString(), addSpecial);
        return places.isEmpty()
                ? tokenized
                : new Tokenized(tokenized.ids(), back(tokenized.starts(), places, text.length()));
    }

    /** A text cannot spell a stand-in: what begins one is no character of any script. */
    private static String clean(String text, int begin, int end) {
        return text.substring(begin, end).replace(TokenizerVariants.BEGIN, '\uFFFD');
    }

    /** Places in the text from places in what was written: both grow, so one walk finds them. */
    private static int[] back(int[] starts, List<int[]> places, int end) {
        int[] back = new int[starts.length];
        int passed = 0;
        for (int i = 0; i < starts.length; i++) {
            while (passed < places.size() && places.get(passed)[0] <= starts[i]) {
                passed++;
            }
            int[] place = passed == 0 ? new int[] {0, 0} : places.get(passed - 1);
            int inside = passed % 2 == 1 ? 0 : starts[i] - place[0]; // odd: within a stand-in
            back[i] = starts[i] < 0 ? -1 : Math.min(place[1] + inside, end);
        }
        return back;
    }
}
