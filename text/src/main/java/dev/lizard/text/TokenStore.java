package dev.lizard.text;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * A corpus in tokens, on disk and mapped: made once, opened ever after, so that any place in it is reached by
 * arithmetic. Reading is safe from many threads; closing unmaps it.
 *
 * <p>A folder of three files: {@code tokens.bin}, little-endian 32-bit ids whose sign bit says "not in the loss";
 * {@code index.bin}, little-endian 64-bit starts of the documents and the end of the last; {@code store.json}, what it
 * was made of.
 */
public final class TokenStore implements AutoCloseable {
    static final ValueLayout.OfInt TOKEN = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong START = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final int NO_LOSS = Integer.MIN_VALUE;

    /**
     * What a store was made of.
     *
     * @param version of this format
     * @param documents number of documents
     * @param tokens number of tokens
     * @param lossTokens how many of them count in the loss
     * @param dataSha256 names the data, see {@link Corpus#sha256}
     * @param tokenizerSha256 names the tokenizer, see {@link Tokenizer#sha256}
     */
    public record Description(
            int version,
            int documents,
            long tokens,
            @JsonProperty("learnt") long lossTokens,
            String dataSha256,
            String tokenizerSha256) {
        static final int VERSION = 2;
    }

    private final Description description;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment tokens;
    private final MemorySegment index;

    private TokenStore(Path folder, Description description) throws IOException {
        this.description = description;
        try {
            tokens = map(folder.resolve("tokens.bin"), description.tokens() * Integer.BYTES);
            index = map(folder.resolve("index.bin"), (description.documents() + 1L) * Long.BYTES);
        } catch (IOException | RuntimeException broken) {
            arena.close();
            throw broken;
        }
    }

    private MemorySegment map(Path file, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            if (channel.size() != bytes) {
                throw new IOException("%s has %d bytes, not %d".formatted(file, channel.size(), bytes));
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, arena);
        }
    }

    /**
     * The store of {@code corpus} below {@code cache}: opened where it is already there and whole, made otherwise.
     *
     * @param progress told the number of tokens so far while the store is being made
     * @throws LizardException INPUT for bad data, ENVIRONMENT where the cache cannot be written
     */
    public static TokenStore open(Path cache, Corpus corpus, LongConsumer progress) {
        String data = corpus.sha256();
        String tokenizer = corpus.tokenizer().sha256();
        String key = Hashes.sha256("%d %s %s %s %s %s"
                .formatted(
                        Description.VERSION,
                        data,
                        corpus.formats(),
                        tokenizer,
                        corpus.tokenizer().settings().eosIds(),
                        corpus.chatFingerprint()));
        Path folder = cache.resolve("tokens-" + key.substring(0, 16));
        try {
            if (Files.exists(folder)) {
                try {
                    return new TokenStore(folder, TokenStoreWriter.describe(folder));
                } catch (IOException | RuntimeException broken) {
                    // A cache may be thrown away: make it anew.
                    TokenStoreWriter.delete(folder);
                }
            }
            TokenStoreWriter.write(folder, corpus, data, tokenizer, progress);
            return new TokenStore(folder, TokenStoreWriter.describe(folder));
        } catch (IOException unwritable) {
            throw new LizardException(
                    LizardException.Kind.ENVIRONMENT,
                    "cannot keep tokens in %s: %s; free space or choose another cache folder"
                            .formatted(cache, unwritable),
                    unwritable);
        }
    }

    public Description description() {
        return description;
    }

    /** All documents, by number. */
    public int[] documents() {
        return IntStream.range(0, description.documents()).toArray();
    }

    /** Number of tokens of {@code document}. */
    public long length(int document) {
        return start(document + 1) - start(document);
    }

    long start(int document) {
        return index.getAtIndex(START, document);
    }

    /** The id at {@code place}, with {@link #NO_LOSS} set where it does not count. */
    int token(long place) {
        return tokens.getAtIndex(TOKEN, place);
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
