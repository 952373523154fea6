package dev.lizard.text;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/** Makes the files of a {@link TokenStore}: written beside their place and moved there whole. */
final class TokenStoreWriter implements Consumer<DocumentPart> {
    private static final String DESCRIPTION = "store.json";

    private final OutputStream tokens;
    private final DataOutputStream starts;
    private final LongConsumer progress;
    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    private int documents;
    private long place;
    private long lossTokens;

    private TokenStoreWriter(OutputStream tokens, DataOutputStream starts, LongConsumer progress) {
        this.tokens = tokens;
        this.starts = starts;
        this.progress = progress;
        start();
    }

    static void write(Path folder, Corpus corpus, String data, String tokenizer, LongConsumer progress)
            throws IOException {
        Path parent = Files.createDirectories(folder.toAbsolutePath().getParent());
        Path work = Files.createTempDirectory(parent, "making-");
        try {
            TokenStore.Description description = fill(work, corpus, data, tokenizer, progress);
            Files.writeString(work.resolve(DESCRIPTION), Tokenizers.JSON.writeValueAsString(description));
            try {
                Files.move(work, folder, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException taken) {
                // Another process was faster; the contents are the same.
                if (!Files.exists(folder)) {
                    throw taken;
                }
            }
        } finally {
            delete(work);
        }
    }

    private static TokenStore.Description fill(
            Path work, Corpus corpus, String data, String tokenizer, LongConsumer progress) throws IOException {
        try (OutputStream tokens = Files.newOutputStream(work.resolve("tokens.bin"));
                OutputStream index = Files.newOutputStream(work.resolve("index.bin"));
                DataOutputStream starts = new DataOutputStream(new BufferedOutputStream(index))) {
            TokenStoreWriter writer = new TokenStoreWriter(tokens, starts, progress);
            corpus.read(writer);
            return new TokenStore.Description(
                    TokenStore.Description.VERSION, writer.documents, writer.place, writer.lossTokens, data, tokenizer);
        } catch (UncheckedIOException full) {
            throw full.getCause();
        }
    }

    @Override
    public void accept(DocumentPart part) {
        bytes.clear();
        for (int i = 0; i < part.ids().length; i++) {
            if (!bytes.hasRemaining()) {
                flush();
            }
            boolean counts = part.lossMask()[i];
            lossTokens += counts ? 1 : 0;
            bytes.putInt(part.ids()[i] | (counts ? 0 : TokenStore.NO_LOSS));
        }
        flush();
        place += part.ids().length;
        if (part.last()) {
            documents = Math.incrementExact(documents);
            start();
        }
        progress.accept(place);
    }

    private void flush() {
        try {
            tokens.write(bytes.array(), 0, bytes.position());
            bytes.clear();
        } catch (IOException full) {
            throw new UncheckedIOException(full);
        }
    }

    private void start() {
        try {
            starts.writeLong(Long.reverseBytes(place));
        } catch (IOException full) {
            throw new UncheckedIOException(full);
        }
    }

    static TokenStore.Description describe(Path folder) throws IOException {
        return Tokenizers.JSON.readValue(Files.readString(folder.resolve(DESCRIPTION)), TokenStore.Description.class);
    }

    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> walk = Files.walk(folder)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
