package dev.lizard.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Whole documents, put together of their parts. */
final class Documents implements Consumer<DocumentPart> {
    private final List<DocumentPart> whole = new ArrayList<>();
    private DocumentPart open = new DocumentPart(new int[0], new boolean[0], false);

    static List<DocumentPart> of(Corpus corpus) {
        Documents documents = new Documents();
        corpus.read(documents);
        return documents.whole;
    }

    static DocumentPart of(DocumentMaker maker, Pieces.Piece piece) {
        Documents documents = new Documents();
        maker.write(piece, documents);
        return documents.whole.getFirst();
    }

    static DocumentPart of(Tokenizer tokenizer, LabelledText text, boolean addSpecial) {
        Tokenized tokens = tokenizer.encode(text.text(), addSpecial);
        return new DocumentPart(tokens.ids(), LabelledText.lossMask(text.lossSpans(), tokens.starts()), true);
    }

    /** A long text whose parts are put together. */
    static Tokenized longText(Tokenizer tokenizer, Rendering text, boolean addSpecial) {
        List<Tokenized> parts = new ArrayList<>();
        LongText.encode(tokenizer, text, addSpecial, parts::add);
        return new Tokenized(
                parts.stream().flatMapToInt(p -> Arrays.stream(p.ids())).toArray(),
                parts.stream().flatMapToInt(p -> Arrays.stream(p.starts())).toArray());
    }

    /** The ids that count in the loss. */
    static int[] lossIds(DocumentPart document) {
        return IntStream.range(0, document.ids().length)
                .filter(i -> document.lossMask()[i])
                .map(i -> document.ids()[i])
                .toArray();
    }

    @Override
    public void accept(DocumentPart part) {
        int before = open.ids().length;
        int[] ids = Arrays.copyOf(open.ids(), before + part.ids().length);
        boolean[] mask = Arrays.copyOf(open.lossMask(), ids.length);
        System.arraycopy(part.ids(), 0, ids, before, part.ids().length);
        System.arraycopy(part.lossMask(), 0, mask, before, part.ids().length);
        open = new DocumentPart(ids, mask, part.last());
        if (part.last()) {
            whole.add(open);
            open = new DocumentPart(new int[0], new boolean[0], false);
        }
    }
}
