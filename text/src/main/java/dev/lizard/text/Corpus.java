package dev.lizard.text;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Training text on disk: {@code .txt}, {@code .jsonl} with {@code text}, with {@code instruction}/{@code input}/
 * {@code output} (Alpaca), {@code question}/{@code answer} (written as an instruction), {@code prompt}/{@code response}
 * or {@code prompt}/{@code completion} (taken as they are), or with {@code messages} (chat), each also gzipped. Documents
 * are read one after another; at no time is more than one in memory.
 *
 * <p>All tokens of plain text are learnt, of instructions the answer only, of conversations the assistant's turns. EOS
 * follows each document where the tokenizer has one. A text file is cut at blank lines into documents of about 64 Ki
 * characters, so that shuffling documents shuffles it; EOS follows the last of them only.
 */
public final class Corpus {
    private final List<Path> files;
    private final Tokenizer tokenizer;
    private final Optional<ChatFormat> chat;

    private Corpus(List<Path> files, Tokenizer tokenizer, Optional<ChatFormat> chat) {
        this.files = files;
        this.tokenizer = tokenizer;
        this.chat = chat;
    }

    /**
     * The corpus of files and folders (walked in sorted order; licences and readme files are passed over).
     *
     * @param chat how conversations are written; without it a record with {@code messages} is an error
     * @throws dev.lizard.base.LizardException USAGE where nothing is named, INPUT where a path is missing, of an
     *     unknown format, or a folder without data
     */
    public static Corpus open(List<Path> data, Tokenizer tokenizer, Optional<ChatFormat> chat) {
        return new Corpus(DataFiles.find(data), tokenizer, chat);
    }

    public List<Path> files() {
        return files;
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    /** SHA-256 of the data, compressed as they are: of one file its own, of several that of the list of their sums. */
    public String sha256() {
        return DataFiles.sha256(files);
    }

    /**
     * The documents in order; close the stream. Reading throws {@link dev.lizard.base.LizardException} INPUT for files
     * that are empty, binary, no JSON or of no known record, naming file and line.
     */
    public Stream<Document> documents() {
        DocumentReader reader = new DocumentReader(files.iterator(), tokenizer, chat);
        int traits = Spliterator.ORDERED | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(reader, traits), false)
                .onClose(reader::close);
    }

    /** Names how conversations become text, for caches. */
    String chatFingerprint() {
        return chat.map(ChatFormat::fingerprint).orElse("");
    }
}
