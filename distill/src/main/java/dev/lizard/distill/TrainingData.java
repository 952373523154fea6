package dev.lizard.distill;

import dev.lizard.base.Activity;
import dev.lizard.base.LizardException;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.Corpus;
import dev.lizard.text.PackedDataset;
import dev.lizard.text.Split;
import dev.lizard.text.TokenStore;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * A corpus in tokens, in two parts: to learn from and to measure with, which is a share of the same text or text of its
 * own. It owns the mapped tokens.
 */
final class TrainingData implements AutoCloseable {
    /**
     * What to read and how to cut it.
     *
     * @param paths files and folders
     * @param heldOutPaths files and folders to measure with; empty to hold out a share of {@code paths}
     * @param cache where tokens are kept
     * @param length T of training sequences
     * @param apart whether the documents of a training sequence are kept apart
     * @param heldOutLength T of held-out ones
     * @param heldOutShare of the tokens; 0 for none; unused where {@code heldOutPaths} are given
     * @param seed of the order
     */
    record Request(
            List<Path> paths,
            List<Path> heldOutPaths,
            Path cache,
            int length,
            boolean apart,
            int heldOutLength,
            double heldOutShare,
            long seed) {}

    /** Some documents of a store. */
    @SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
    private record Part(TokenStore store, int[] documents) {}

    private static final long ASK_NANOS = 1_000_000_000L;

    private final Request request;
    private final Part training;
    private final Part heldOut;

    private TrainingData(Request request, Part training, Part heldOut) {
        this.request = request;
        this.training = training;
        this.heldOut = heldOut;
    }

    /**
     * Reads and tokenises the corpus, or finds it in the cache.
     *
     * @param stop asked about once a second while documents are turned into tokens
     * @throws LizardException INPUT for bad data, USAGE where sequences are longer than the data, INTERRUPTED when asked
     *     to stop
     */
    static TrainingData open(
            Request request,
            Tokenizer tokenizer,
            Optional<ChatFormat> chat,
            TrainListener listener,
            BooleanSupplier stop) {
        long[] asked = {System.nanoTime()};
        LongConsumer progress = tokens -> {
            if (System.nanoTime() - asked[0] < ASK_NANOS) {
                return;
            }
            asked[0] = System.nanoTime();
            if (stop.getAsBoolean()) {
                throw new LizardException(
                        LizardException.Kind.INTERRUPTED,
                        "interrupted after %,d tokens of the data; nothing is trained yet".formatted(tokens));
            }
        };
        Corpus corpus = corpus(request.paths(), tokenizer, chat, listener);
        TokenStore store = store(corpus, request, progress);
        TokenStore apart = null;
        try {
            TrainingData data;
            if (request.heldOutPaths().isEmpty()) {
                Split split = split(store, request.heldOutShare(), listener);
                data = new TrainingData(request, new Part(store, split.training()), new Part(store, split.heldOut()));
            } else {
                Corpus other = corpus(request.heldOutPaths(), tokenizer, chat, listener);
                other.sharedWith(corpus)
                        .forEach(file -> listener.warn(
                                file + " is learnt from too: what is measured on it says little about other text"));
                apart = store(other, request, progress);
                data = new TrainingData(
                        request, new Part(store, store.documents()), new Part(apart, apart.documents()));
            }
            data.training(true); // says now if sequences are longer than the data
            return data;
        } catch (RuntimeException e) {
            store.close();
            if (apart != null) {
                apart.close();
            }
            throw e;
        }
    }

    private static Corpus corpus(
            List<Path> paths, Tokenizer tokenizer, Optional<ChatFormat> chat, TrainListener listener) {
        try (Activity _ = Activity.begin("looking for the data")) {
            Corpus corpus = Corpus.open(paths, tokenizer, chat);
            corpus.notes().forEach(listener::warn);
            return corpus;
        }
    }

    private static TokenStore store(Corpus corpus, Request request, LongConsumer progress) {
        try (Activity _ = Activity.begin("reading the data and turning them into tokens")) {
            return TokenStore.open(request.cache(), corpus, progress);
        }
    }

    private static Split split(TokenStore store, double share, TrainListener listener) {
        boolean possible = share > 0 && store.description().documents() > 1;
        if (share > 0 && !possible) {
            listener.note("the data are one document: nothing is held out, so nothing is measured");
        }
        return Split.of(store, possible ? share : 0);
    }

    /** The sequences to learn from; all targets count, or only those the corpus marks (responses). */
    SequenceSource training(boolean allTokens) {
        return source(training, request.length(), allTokens, true, request.apart());
    }

    /** The held-out sequences, at most as many as have {@code tokens}, if anything is held out. */
    Optional<HeldOut> heldOut(long tokens, int batch) {
        long there = 0;
        for (int document : heldOut.documents) {
            there += heldOut.store.length(document);
        }
        if (there < 2) {
            return Optional.empty();
        }
        int length = (int) Math.min(request.heldOutLength(), there - 1);
        PackedSource source = source(heldOut, length, true, false, false);
        long sequences = Math.clamp(tokens / length, 1, source.data().sequences());
        return Optional.of(new HeldOut(source, (int) sequences, batch));
    }

    private PackedSource source(Part part, int length, boolean allTokens, boolean shuffled, boolean apart) {
        TokenStore.Description made = part.store.description();
        PackedDataset packed = new PackedDataset(part.store, part.documents, length, request.seed(), shuffled, apart);
        String name = "data %s tokenizer %s, %d sequences of %d, seed %d, %s tokens"
                .formatted(
                        made.dataSha256(),
                        made.tokenizerSha256(),
                        packed.sequences(),
                        length,
                        request.seed(),
                        allTokens ? "all" : "learnt");
        return new PackedSource(packed, length, apart ? name + ", documents apart" : name, allTokens);
    }

    /** Sequences of one epoch. */
    long sequences() {
        return new PackedDataset(training.store, training.documents, request.length(), request.seed(), true)
                .sequences();
    }

    /** How many documents there are to learn from. */
    int documents() {
        return training.documents.length;
    }

    /** What the tokens to learn from were made of. */
    TokenStore.Description description() {
        return training.store.description();
    }

    @Override
    public void close() {
        training.store.close();
        if (heldOut.store != training.store) {
            heldOut.store.close();
        }
    }
}
