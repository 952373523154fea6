package dev.lizard.mixer;

import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one layer remembers of the tokens it has seen: named tensors and the number of tokens. It owns them.
 *
 * <p>Being plain data it can be copied ({@link #fork}), written to a file and read back, and its size in bytes is
 * exact.
 */
public final class MixerState implements AutoCloseable {
    private final Scope scope = Scope.owner();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private long start;
    private long tokens;

    /** Takes ownership of {@code tensor} under {@code name}, in place of an earlier one. */
    public void put(String name, Tensor tensor) {
        Tensor before = tensors.put(name, scope.adopt(tensor));
        if (before != null && before != tensor) {
            before.close();
        }
    }

    public Tensor get(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalStateException("state has no tensor " + name + ", only " + tensors.keySet());
        }
        return tensor;
    }

    /** The tensors by name, in order of creation. */
    public Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** Number of tokens seen. */
    public long tokens() {
        return tokens;
    }

    /** Absolute position of the next token. */
    public long position() {
        return start + tokens;
    }

    /**
     * Sets the absolute position of the first token.
     *
     * @throws IllegalStateException if any was seen: held keys are turned by their positions
     */
    public void startAt(long position) {
        if (tokens > 0) {
            throw new IllegalStateException("a state that has seen tokens cannot be moved");
        }
        start = position;
    }

    /** Counts {@code count} more tokens; also restores the count of a state read from a file. */
    public void saw(long count) {
        tokens += count;
    }

    /** Bytes of memory held. */
    public long bytes() {
        return tensors.values().stream().mapToLong(Tensor::bytes).sum();
    }

    /** An independent copy. */
    public MixerState fork() {
        MixerState copy = new MixerState();
        try (Scope work = Scope.open()) {
            tensors.forEach((name, tensor) -> copy.put(name, tensor.copy()));
        }
        copy.start = start;
        copy.tokens = tokens;
        return copy;
    }

    @Override
    public void close() {
        scope.close();
    }
}
