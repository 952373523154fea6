package dev.lizard.text;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/** Makes the files of a {@link TokenStore}: written beside their place and moved there whole. */
final class TokenStoreWriter {
    private static final String DESCRIPTION = "store.json";

    private TokenStoreWriter() {}

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
        int count = 0;
        long place = 0;
        long learnt = 0;
        try (OutputStream tokens = Files.newOutputStream(work.resolve("tokens.bin"));
                OutputStream index = Files.newOutputStream(work.resolve("index.bin"));
                DataOutputStream starts = new DataOutputStream(new BufferedOutputStream(index));
                Stream<Document> documents = corpus.documents()) {
            for (Iterator<Document> all = documents.iterator(); all.hasNext(); ) {
                Document document = all.next();
                int length = document.ids().length;
                ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(length, Integer.BYTES))
                        .order(ByteOrder.LITTLE_ENDIAN);
                for (int i = 0; i < length; i++) {
                    boolean learn = document.learn()[i];
                    learnt += learn ? 1 : 0;
                    bytes.putInt(document.ids()[i] | (learn ? 0 : TokenStore.NOT_LEARNT));
                }
                tokens.write(bytes.array());
                starts.writeLong(Long.reverseBytes(place));
                place += length;
                count = Math.incrementExact(count);
                progress.accept(place);
            }
            starts.writeLong(Long.reverseBytes(place));
        }
        return new TokenStore.Description(TokenStore.Description.VERSION, count, place, learnt, data, tokenizer);
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
