package dev.lizard.mixer;

import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one layer remembers of the tokens that the sequences of a batch have read: named tensors, a sequence a row of
 * axis 0. It owns them. How many tokens those were is known to whoever reads ({@link Positions}).
 *
 * <p>Being plain data its rows can be copied, moved between batches, written to a file and read back, and its size in
 * bytes is exact. A cache grows along axis 2, one place a token.
 */
public final class MixerState implements AutoCloseable {
    private final Scope scope = Scope.owner();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

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

    /** Bytes of memory held. */
    public long bytes() {
        return tensors.values().stream().mapToLong(Tensor::bytes).sum();
    }

    /** Copies of the given rows, in that order; a row may be asked for more than once. */
    public MixerState take(int... rows) {
        MixerState taken = new MixerState();
        try (Scope work = Scope.open()) {
            long[] wide = new long[rows.length];
            for (int i = 0; i < rows.length; i++) {
                wide[i] = rows[i];
            }
            tensors.forEach((name, tensor) -> taken.put(
                    name, tensor.indexSelect(0, Tensors.of(wide, wide.length).to(tensor.device()))));
        }
        return taken;
    }

    /** Copies row {@code from} of {@code other}, a state of the same mixer, over row {@code row}, where it lies. */
    public void put(int row, MixerState other, int from) {
        try (Scope work = Scope.open()) {
            other.tensors.forEach((name, tensor) -> {
                Tensor source = tensor.narrow(0, from, 1);
                long places = source.rank() > 2 ? source.size(2) : 0;
                if (places > get(name).size(2)) {
                    reserve(name, places);
                }
                Tensor target = get(name).narrow(0, row, 1);
                if (places < target.size(2)) {
                    target.zero_();
                    target = target.narrow(2, 0, places);
                }
                target.copy_(source);
            });
        }
    }

    /** Makes row {@code row} as if it had read nothing. */
    public void clear(int row) {
        try (Scope work = Scope.open()) {
            tensors.values().forEach(tensor -> tensor.narrow(0, row, 1).zero_());
        }
    }

    /** Makes axis 2 of a cache at least {@code places} long; new places hold zeros, because states are written to files. */
    void reserve(String name, long places) {
        Tensor cache = get(name);
        long there = cache.size(2);
        if (places > there) {
            long[] shape = cache.shape();
            shape[2] = places;
            Tensor larger = Tensors.zeros(cache.dtype(), cache.device(), shape);
            larger.narrow(2, 0, there).copy_(cache);
            put(name, larger);
        }
    }

    /** An independent copy. */
    public MixerState fork() {
        MixerState copy = new MixerState();
        try (Scope work = Scope.open()) {
            tensors.forEach((name, tensor) -> copy.put(name, tensor.copy()));
        }
        return copy;
    }

    @Override
    public void close() {
        scope.close();
    }
}
