package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Collectors;
import java.util.stream.Gatherer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Training text on disk, plain or compressed ({@code .gz}, {@code .zst}), in UTF-8 or with a mark that says UTF-16:
 *
 * <ul>
 *   <li>{@code .txt} and {@code .md}: text;
 *   <li>{@code .jsonl} and {@code .ndjson}: a record a line;
 *   <li>{@code .json}: a list of records, or records one after another.
 * </ul>
 *
 * <p>A record is of the first of these kinds whose keys it has, null being no value; other keys do not matter:
 *
 * <ol>
 *   <li>{@code messages}: a conversation;
 *   <li>{@code conversations}: one in ShareGPT's {@code from} and {@code value};
 *   <li>{@code instruction} and {@code output} (or {@code response}), perhaps {@code input} (Alpaca) or {@code context}
 *       (Dolly);
 *   <li>{@code prompt} and {@code completion}, {@code response}, {@code answer}, {@code output} or {@code chosen}: two
 *       texts taken as they are, or lists of messages;
 *   <li>{@code question} (or {@code query}) and {@code answer} (or {@code response}), written as an instruction;
 *   <li>{@code chosen} alone, a conversation or a text; what was rejected is not read;
 *   <li>{@code text}, or else {@code content}.
 * </ol>
 *
 * <p>Documents are read in order; some for each core, or the few that have 32M characters, are in memory at a time. All
 * tokens of plain text are learnt, of instructions the answer only, of conversations the assistant's turns, of those with
 * a prompt the turns after it. EOS follows each document where the tokenizer has one. A text file is cut at blank lines
 * into documents of about 64 Ki characters, so that shuffling documents shuffles it; BOS comes before the first of them
 * only, EOS after the last.
 */
public final class Corpus {
    /** Documents that are tokenised at the same time: enough that one long one does not hold up all cores. */
    private static final int TOGETHER = 4 * Runtime.getRuntime().availableProcessors();

    /** As many characters end a window too: long documents shall not fill the memory. */
    private static final long MOST_CHARACTERS = 1 << 25;

    private final DataFiles data;
    private final Tokenizer tokenizer;
    private final Optional<ChatFormat> chat;

    private Corpus(DataFiles data, Tokenizer tokenizer, Optional<ChatFormat> chat) {
        this.data = data;
        this.tokenizer = tokenizer;
        this.chat = chat;
    }

    /**
     * The corpus of files and folders (walked in sorted order; {@link #notes} says what is left out).
     *
     * @param chat how conversations are written; without it a record with {@code messages} is an error
     * @throws dev.lizard.base.LizardException USAGE where nothing is named, INPUT where a path is missing, of an
     *     unknown format, or a folder without data
     */
    public static Corpus open(List<Path> data, Tokenizer tokenizer, Optional<ChatFormat> chat) {
        return new Corpus(DataFiles.find(data), tokenizer, chat);
    }

    public List<Path> files() {
        return data.files();
    }

    /** Lines on what lies beside the data and is not read. */
    public List<String> notes() {
        return data.notes();
    }

    /** The files of this corpus that are files of {@code other} too, under whatever name. */
    public List<Path> sharedWith(Corpus other) {
        Set<Object> known = other.files().stream().map(DataFiles::identity).collect(Collectors.toSet());
        return files().stream()
                .filter(file -> known.contains(DataFiles.identity(file)))
                .toList();
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    /** SHA-256 of the data, compressed as they are: of one file its own, of several that of the list of their sums. */
    public String sha256() {
        return DataFiles.sha256(files());
    }

    /**
     * The documents in order; close the stream. Reading throws {@link dev.lizard.base.LizardException} INPUT for files
     * that are empty, binary, no JSON or of no known record, naming file and line.
     */
    public Stream<Document> documents() {
        PieceReader reader = new PieceReader(files().iterator());
        DocumentMaker maker = new DocumentMaker(tokenizer, chat);
        int traits = Spliterator.ORDERED | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(reader, traits), false)
                .gather(Gatherer.<Pieces.Piece, Window, List<Pieces.Piece>>ofSequential(
                        Window::new, Window::take, Window::rest))
                .flatMap(pieces -> pieces.parallelStream().map(piece -> Made.of(piece, maker)).toList().stream())
                .gather(Gatherer.<Made, NonEmpty, Document>ofSequential(NonEmpty::new, NonEmpty::pass))
                .onClose(reader::close);
    }

    /** Gathers pieces that are tokenised together. */
    private static final class Window {
        private final List<Pieces.Piece> pieces = new ArrayList<>();
        private long characters;

        boolean take(Pieces.Piece piece, Gatherer.Downstream<? super List<Pieces.Piece>> next) {
            pieces.add(piece);
            characters += piece.characters();
            boolean full = pieces.size() >= TOGETHER || characters >= MOST_CHARACTERS;
            return full ? give(next) : true;
        }

        void rest(Gatherer.Downstream<? super List<Pieces.Piece>> next) {
            give(next);
        }

        private boolean give(Gatherer.Downstream<? super List<Pieces.Piece>> next) {
            List<Pieces.Piece> window = List.copyOf(pieces);
            pieces.clear();
            characters = 0;
            return next.push(window);
        }
    }

    /** A piece and its tokens, or why there are none: all of a window are done before the first failure is thrown. */
    private record Made(
            Pieces.Piece piece,
            @Nullable Document document,
            @Nullable RuntimeException failure) {
        static Made of(Pieces.Piece piece, DocumentMaker maker) {
            try {
                return new Made(piece, maker.of(piece), null);
            } catch (RuntimeException e) {
                return new Made(piece, null, e);
            }
        }

        Document tokens() {
            if (document == null) {
                throw failure == null ? new IllegalStateException("no document of " + piece) : failure;
            }
            return document;
        }
    }

    /** Lets through what has tokens, and refuses a file of which nothing has. */
    private static final class NonEmpty {
        private boolean any;

        boolean pass(Made made, Gatherer.Downstream<? super Document> next) {
            if (made.piece instanceof Pieces.End(Path file)) {
                if (!any) {
                    throw LizardException.at(
                            LizardException.Kind.INPUT, "no text", file, "text", "an empty file", "leave the file out");
                }
                any = false;
                return true;
            }
            Document document = made.tokens();
            if (document.ids().length == 0) {
                return true;
            }
            any = true;
            return next.push(document);
        }
    }

    /** Names how the files are read, for caches: their contents do not say it. */
    String formats() {
        return files().stream()
                .map(DataFormat::of)
                .map(Optional::orElseThrow)
                .toList()
                .toString();
    }

    /** Names how conversations become text, for caches. */
    String chatFingerprint() {
        return chat.map(ChatFormat::fingerprint).orElse("");
    }
}
