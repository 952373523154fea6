package dev.lizard.text;

import java.io.Reader;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * Text to token ids and back. Reading is safe from many threads at once; closing frees native memory and is the
 * owner's, after which encoding throws {@link IllegalStateException}. Build one with {@link Tokenizers}.
 */
public interface Tokenizer extends AutoCloseable {
    /**
     * The ids of {@code text}. Special tokens written in the text ({@code <|im_end|>}) become their one id.
     *
     * @param addSpecial whether to add what the model expects around a text of its own (a BOS, for instance)
     */
    int[] encode(String text, boolean addSpecial);

    /** As {@link #encode} without additions, but special tokens written in the text are read as plain characters. */
    int[] encodeLiteral(String text);

    /**
     * The ids of {@code text}, with the place where each token starts. What its quotes spell is read as characters, and
     * merged as if no such token existed; in the rest special tokens are tokens. Text without quotes, or whose quotes
     * spell no token, gives what {@link #encode(String, boolean)} gives.
     */
    Tokenized encode(Rendering text, boolean addSpecial);

    /**
     * As {@link #encode(Rendering, boolean)} for text that follows what was read before: nothing is added, and a
     * tokenizer that puts a mark before each text (SentencePiece's U+2581) puts none before this one, unless it puts
     * one after added tokens too and {@code previous} is one.
     *
     * @param previous the last id read
     */
    Tokenized encodeContinuation(Rendering text, int previous);

    /** As {@link #encode}, with the place in the text where each token starts. */
    Tokenized encodeWithOffsets(String text, boolean addSpecial);

    /**
     * The ids that {@link #encode(String, boolean)} gives, of a text of any length in memory that does not grow with it.
     * What the reader throws comes as {@link java.io.UncheckedIOException}; a text without a place to cut it within two
     * million characters is refused.
     */
    TokenStream stream(Reader text, boolean addSpecial);

    /** As {@link #stream}, for a text that goes on after the id {@code previous}. */
    TokenStream streamContinuation(Reader text, int previous);

    /**
     * Where {@code text} may be cut so that the ids of its parts are those of the whole: the last such place behind
     * {@code from} and before {@code to}; -1 where there is none.
     */
    int cut(CharSequence text, int from, int to);

    /** A decoder that is fed ids one at a time, for a text that begins with its first id. */
    default StreamDecoder streamDecoder(boolean skipSpecial) {
        return streamDecoder(skipSpecial, false);
    }

    /**
     * A decoder that is fed ids one at a time.
     *
     * @param skipSpecial whether special tokens yield no text
     * @param continuing whether other text came before, so that a leading space is part of the text and is kept
     */
    StreamDecoder streamDecoder(boolean skipSpecial, boolean continuing);

    /** The text of {@code ids}; bytes that form no UTF-8 character become U+FFFD. Equal to streaming the ids. */
    default String decode(int[] ids, boolean skipSpecial) {
        StreamDecoder decoder = streamDecoder(skipSpecial);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.append(id));
        }
        return text.append(decoder.finish()).toString();
    }

    /** Number of ids, holes included: every id is below it. */
    int vocabSize();

    /** The id that begins a text, where the model has one. */
    OptionalInt bosId();

    /** The ids that end a text, the tokenizer's own first; may be empty. */
    List<Integer> eosIds();

    /** The piece of {@code id} as the vocabulary spells it; an empty text for a hole. */
    String piece(int id);

    /** The bytes that {@code id} stands for within a text; none for a hole. */
    byte[] bytes(int id);

    /** The id whose piece is {@code piece}, exactly as the vocabulary spells it. */
    OptionalInt id(String piece);

    /** Whether {@code id} is a control token, which {@code skipSpecial} leaves out. */
    boolean isSpecial(int id);

    /** What came with the tokenizer beside the vocabulary: BOS, EOS, chat template. */
    TokenizerSettings settings();

    /** The whole tokenizer in the form of Hugging Face's {@code tokenizer.json}. */
    String json();

    /** SHA-256 of {@link #json}, hexadecimal: names the vocabulary in caches and provenance. */
    String sha256();

    /** Writes {@code tokenizer.json} and {@code tokenizer_config.json}, which {@link Tokenizers#open} reads back. */
    void writeTo(Path folder);

    @Override
    void close();
}
