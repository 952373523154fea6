package dev.lizard.model;

import dev.lizard.text.Tokenizer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A tokenizer that is made on another thread while weights are read, which takes as long. What is wrong with it is said
 * to the one who asks for it.
 */
final class EarlyTokenizer {
    private final Supplier<Tokenizer> open;
    private final AtomicReference<@Nullable CompletableFuture<Tokenizer>> made = new AtomicReference<>();

    /** Makes nothing before it is asked for. */
    EarlyTokenizer(Supplier<Tokenizer> open) {
        this.open = open;
    }

    EarlyTokenizer begin() {
        made.set(CompletableFuture.supplyAsync(
                open, work -> Thread.ofPlatform().daemon().start(work)));
        return this;
    }

    /** The one that was begun, once; then others. */
    Tokenizer take() {
        CompletableFuture<Tokenizer> begun = made.getAndSet(null);
        if (begun == null) {
            return open.get();
        }
        try {
            return begun.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException own -> throw own;
                case Error own -> throw own;
                case null, default -> throw e;
            }
        }
    }

    /** One that nobody took is closed as soon as it is made. */
    void discard() {
        CompletableFuture<Tokenizer> begun = made.getAndSet(null);
        if (begun != null) {
            CompletableFuture<Void> _ = begun.thenAccept(Tokenizer::close);
        }
    }
}
