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
 * A corpus in tokens, in two parts: to learn from and to measure with. It owns the mapped tokens.
 */
final class TrainingData implements AutoCloseable {
    /**
     * What to read and how to cut it.
     *
     * @param paths files and folders
     * @param cache where tokens are kept
     * @param length T of training sequences
     * @param heldOutLength T of held-out ones
     * @param heldOutShare of the tokens; 0 for none
     * @param seed of the order
     */
    record Request(List<Path> paths, Path cache, int length, int heldOutLength, double heldOutShare, long seed) {}

    private final Request request;
    private final TokenStore store;
    private final Split parts;

    private TrainingData(Request request, TokenStore store, Split parts) {
        this.request = request;
        this.store = store;
        this.parts = parts;
    }

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
            if (request.heldOutShare() > 0 && !split) {
                listener.note("the data are one document: nothing is held out, so nothing is measured");
            }
            TrainingData data = new TrainingData(request, store, Split.of(store, split ? request.heldOutShare() : 0));
            data.training(true); // says now if sequences are longer than the data
            return data;
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /** The sequences to learn from; all targets count, or only those the corpus marks (responses). */
    SequenceSource training(boolean allTokens) {
        return source(parts.training(), request.length(), allTokens, true);
    }

    /** The held-out sequences, at most as many as have {@code tokens}, if anything is held out. */
    Optional<HeldOut> heldOut(long tokens, int batch) {
        long there = 0;
        for (int document : parts.heldOut()) {
            there += store.length(document);
        }
        if (there < 2) {
            return Optional.empty();
        }
        int length = (int) Math.min(request.heldOutLength(), there - 1);
        PackedSource source = source(parts.heldOut(), length, true, false);
        long sequences = Math.clamp(tokens / length, 1, source.data().sequences());
        return Optional.of(new HeldOut(source, (int) sequences, batch));
    }

    private PackedSource source(int[] documents, int length, boolean allTokens, boolean shuffled) {
        PackedDataset packed = new PackedDataset(store, documents, length, request.seed(), shuffled);
        String name = "data %s tokenizer %s, %d sequences of %d, seed %d, %s tokens"
                .formatted(
                        description().dataSha256(),
                        description().tokenizerSha256(),
                        packed.sequences(),
                        length,
                        request.seed(),
                        allTokens ? "all" : "learnt");
        return new PackedSource(packed, length, name, allTokens);
    }

    /** What the tokens were made of. */
    TokenStore.Description description() {
        return store.description();
    }

    @Override
    public void close() {
        store.close();
    }
}
