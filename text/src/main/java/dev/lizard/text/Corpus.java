package dev.lizard.text;

import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
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
 * <p>Documents are read in order; some for each core are in memory at a time, of long ones a part. All
 * tokens of plain text are learnt, of instructions the answer only, of conversations the assistant's turns, of those with
 * a prompt the turns after it. EOS follows each document where the tokenizer has one. A text file is cut at blank lines
 * into documents of about 64 Ki characters, so that shuffling documents shuffles it; BOS comes before the first of them
 * only, EOS after the last.
 */
public final class Corpus {
    /** Documents that are tokenised at the same time: enough that one long one does not hold up all cores. */
    private static final int TOGETHER = 4 * Runtime.getRuntime().availableProcessors();

    /** Longer pieces, in characters, are tokenised alone and part by part. */
    private static final int LONG = 2 * TextParts.PART;

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
        return Hashes.sha256(files());
    }

    /**
     * Gives {@code sink} the documents in order, long ones part by part.
     *
     * @throws LizardException INPUT for files that are empty, binary, no JSON or of no known record, naming file and line
     */
    void read(Consumer<DocumentPart> sink) {
        DocumentMaker maker = new DocumentMaker(tokenizer, chat);
        try (PieceReader reader = new PieceReader(files().iterator())) {
            List<Pieces.Piece> window = new ArrayList<>();
            long characters = 0;
            FileTokens tokens = new FileTokens(sink);
            while (reader.hasNext()) {
                Pieces.Piece piece = reader.next();
                boolean isLong = piece.characters() > LONG;
                if (!isLong) {
                    window.add(piece);
                    characters += piece.characters();
                }
                if (isLong || window.size() >= TOGETHER || characters >= (long) TOGETHER * TextParts.PART) {
                    tokens.addAll(window, maker);
                    window.clear();
                    characters = 0;
                }
                if (isLong) {
                    maker.write(piece, tokens);
                }
            }
            tokens.addAll(window, maker);
        }
    }

    /** A piece and its tokens, or why there are none: all of a window are done before the first failure is thrown. */
    private record Made(
            Pieces.Piece piece,
            List<DocumentPart> parts,
            @Nullable RuntimeException failure) {
        static Made of(Pieces.Piece piece, DocumentMaker maker) {
            List<DocumentPart> parts = new ArrayList<>();
            try {
                maker.write(piece, parts::add);
                return new Made(piece, parts, null);
            } catch (RuntimeException e) {
                return new Made(piece, parts, e);
            }
        }
    }

    /** Passes tokens on, and refuses a file of which there are none. */
    private static final class FileTokens implements Consumer<DocumentPart> {
        private final Consumer<DocumentPart> sink;
        private boolean anyOfFile;
        private boolean anyOfDocument;

        FileTokens(Consumer<DocumentPart> sink) {
            this.sink = sink;
        }

        void addAll(List<Pieces.Piece> pieces, DocumentMaker maker) {
            List<Made> all =
                    pieces.parallelStream().map(piece -> Made.of(piece, maker)).toList();
            for (Made made : all) {
                if (made.failure != null) {
                    throw made.failure;
                }
                made.parts.forEach(this);
                if (made.piece instanceof Pieces.End(Path file)) {
                    end(file);
                }
            }
        }

        private void end(Path file) {
            if (!anyOfFile) {
                throw LizardException.at(
                        LizardException.Kind.INPUT, "no text", file, "text", "an empty file", "leave the file out");
            }
            anyOfFile = false;
        }

        @Override
        public void accept(DocumentPart part) {
            anyOfDocument |= part.ids().length > 0;
            anyOfFile |= anyOfDocument;
            if (anyOfDocument) {
                sink.accept(part);
            }
            anyOfDocument &= !part.last();
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
