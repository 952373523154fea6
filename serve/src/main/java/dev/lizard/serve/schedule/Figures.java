package dev.lizard.serve.schedule;

import dev.lizard.generate.FinishReason;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** What the scheduler has done and holds, to be read from any thread. */
public final class Figures {
    final LongAdder promptTokens = new LongAdder();
    final LongAdder cachedTokens = new LongAdder();
    final LongAdder generatedTokens = new LongAdder();
    final LongAdder memoryHits = new LongAdder();
    final LongAdder diskHits = new LongAdder();
    final LongAdder misses = new LongAdder();
    final LongAdder failures = new LongAdder();
    private final Map<FinishReason, LongAdder> finished = new ConcurrentHashMap<>();
    final Histogram firstToken = new Histogram(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120);
    final Histogram tokenTime = new Histogram(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5);
    final Histogram whole = new Histogram(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600);
    volatile Held held = new Held(0, 0, 0, 0, 0);
    volatile LongSupplier spilled = () -> 0;
    volatile LongSupplier spilledBytes = () -> 0;

    /**
     * What there is at a moment.
     *
     * @param running works being read or written
     * @param waiting works not begun
     * @param stateBytes of the works that run
     * @param keptStates of beginnings
     * @param keptBytes of them
     */
    public record Held(int running, int waiting, long stateBytes, int keptStates, long keptBytes) {}

    void end(FinishReason reason) {
        finished.computeIfAbsent(reason, any -> new LongAdder()).increment();
    }

    public Held held() {
        return held;
    }

    /** States of beginnings on the disk. */
    public long spilled() {
        return spilled.getAsLong();
    }

    /** Bytes of them. */
    public long spilledBytes() {
        return spilledBytes.getAsLong();
    }

    /** Tokens of the prompts, those included whose state was known. */
    public long promptTokens() {
        return promptTokens.sum();
    }

    /** Tokens of the prompts whose state was known. */
    public long cachedTokens() {
        return cachedTokens.sum();
    }

    /** Prompts that went on from a state in memory. */
    public long memoryHits() {
        return memoryHits.sum();
    }

    /** Prompts that went on from a state on the disk. */
    public long diskHits() {
        return diskHits.sum();
    }

    /** Prompts that were read from their first token on. */
    public long misses() {
        return misses.sum();
    }

    public long generatedTokens() {
        return generatedTokens.sum();
    }

    /** Works that failed. */
    public long failures() {
        return failures.sum();
    }

    /** Choices that ended so. */
    public long finished(FinishReason reason) {
        LongAdder count = finished.get(reason);
        return count == null ? 0 : count.sum();
    }

    /** Seconds to the first token. */
    public Histogram firstToken() {
        return firstToken;
    }

    /** Seconds from a token to the next. */
    public Histogram tokenTime() {
        return tokenTime;
    }

    /** Seconds from asking to the end. */
    public Histogram whole() {
        return whole;
    }
}
