package dev.lizard.distill;

import dev.lizard.text.ChatFormat;
import dev.lizard.text.Corpus;
import dev.lizard.text.PackedDataset;
import dev.lizard.text.Split;
import dev.lizard.text.TokenStore;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A corpus in tokens, in two parts: to learn from and to measure with.
 *
 * @param store the mapped tokens; closed with this
 * @param training the part to learn from
 * @param heldOut the part to measure with, if the corpus has enough documents for one
 */
record TrainingData(TokenStore store, SequenceSource training, Optional<SequenceSource> heldOut)
        implements AutoCloseable {
    /**
     * What to read and how to cut it.
     *
     * @param paths files and folders
     * @param cache where tokens are kept
     * @param length T of training sequences
     * @param heldOutLength T of held-out ones
     * @param heldOutShare of the tokens; 0 for none
     * @param allTokens whether all targets count, or only those the corpus marks (responses)
     * @param seed of the order
     */
    record Request(
            List<Path> paths,
            Path cache,
            int length,
            int heldOutLength,
            double heldOutShare,
            boolean allTokens,
            long seed) {}

    /**
     * Reads and tokenises the corpus, or finds it in the cache.
     *
     * @throws dev.lizard.base.LizardException INPUT for bad data, USAGE where sequences are longer than the data
     */
    static TrainingData open(Request request, Tokenizer tokenizer, Optional<ChatFormat> chat, TrainListener listener) {
        Corpus corpus = Corpus.open(request.paths(), tokenizer, chat);
        TokenStore store = TokenStore.open(request.cache(), corpus, tokens -> {});
        try {
            boolean split = request.heldOutShare() > 0 && store.description().documents() > 1;
            Split parts = Split.of(store, split ? request.heldOutShare() : 0);
            if (request.heldOutShare() > 0 && !split) {
                listener.note("the data are one document: nothing is held out, so nothing is measured");
            }
            SequenceSource training = source(store, parts.training(), request.length(), request, true);
            return new TrainingData(store, training, heldOut(store, parts.heldOut(), request));
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    private static Optional<SequenceSource> heldOut(TokenStore store, int[] documents, Request request) {
        long tokens = 0;
        for (int document : documents) {
            tokens += store.length(document);
        }
        if (tokens < 2) {
            return Optional.empty();
        }
        int length = (int) Math.min(request.heldOutLength(), tokens - 1);
        return Optional.of(source(store, documents, length, request, false));
    }

    private static SequenceSource source(
            TokenStore store, int[] documents, int length, Request request, boolean shuffled) {
        PackedDataset packed = new PackedDataset(store, documents, length, request.seed(), shuffled);
        TokenStore.Description made = store.description();
        String name = "data %s tokenizer %s, %d sequences of %d, seed %d, %s tokens"
                .formatted(
                        made.dataSha256(),
                        made.tokenizerSha256(),
                        packed.sequences(),
                        length,
                        request.seed(),
                        request.allTokens() ? "all" : "learnt");
        return new PackedSource(packed, length, name, request.allTokens());
    }

    @Override
    public void close() {
        store.close();
    }
}
