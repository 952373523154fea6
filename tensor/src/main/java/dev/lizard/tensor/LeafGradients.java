package dev.lizard.tensor;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Storage;
import org.jspecify.annotations.Nullable;

/**
 * The gradients that a {@link Tape} has for leaves. One tensor may be the gradient of several, so it is only read: the
 * second gradient of a leaf is added out of place, and the sum, which is its own, takes the later ones in place.
 */
final class LeafGradients implements AutoCloseable {
    private static final class Waiting {
        private final Tensor leaf;
        private Tensor sum;
        private boolean own;

        Waiting(Tensor leaf, Tensor sum) {
            this.leaf = leaf;
            this.sum = sum;
        }
    }

    private final Scope scope = Scope.owner();
    private final Map<Long, Waiting> waiting = new LinkedHashMap<>();

    /** {@code gradient} arrives at {@code leaf} and is shared from now on. */
    void add(Tensor leaf, Tensor gradient) {
        Tensor part = gradient.to(leaf.dtype());
        Waiting there = waiting.get(identity(leaf));
        if (there == null) {
            waiting.put(identity(leaf), new Waiting(scope.adopt(leaf.alias()), scope.adopt(part.alias())));
        } else if (there.own) {
            there.sum.add_(part);
        } else {
            replace(there, there.sum.add(part));
        }
    }

    /** All that arrived at {@code leaf}, through graphs too, in the innermost scope; null where nothing did. */
    @Nullable
    Tensor take(Tensor leaf) {
        Tensor collected = leaf.grad();
        Waiting there = waiting.remove(identity(leaf));
        if (there == null) {
            return collected;
        }
        there.leaf.close();
        Tensor sum = Scope.current().adopt(there.sum);
        return collected == null ? sum : collected.add_(sum);
    }

    /**
     * Back-propagates {@code gradients} from {@code roots}. Through a graph of nothing but views and sums a leaf may
     * come to collect in the very memory of a gradient, so others that wait with it get copies.
     *
     * @return whether that happened
     */
    boolean inject(List<Tensor> roots, List<Tensor> gradients) {
        Set<Long> seen = new HashSet<>();
        List<Tensor> injected = new ArrayList<>();
        gradients.forEach(gradient -> injected.add(seen.add(gradient.address()) ? gradient : gradient.copy()));
        List<Long> before = injected.stream().map(LeafGradients::owners).toList();
        Gradients.inject(roots, injected);
        boolean collects = false;
        for (int i = 0; i < before.size(); i++) {
            Tensor gradient = injected.get(i);
            if (owners(gradient) > before.get(i)) {
                collects = true;
                waiting.values().stream()
                        .filter(other -> other.sum.handle().is_alias_of(gradient.handle()))
                        .forEach(other -> replace(other, other.sum.copy()));
            }
        }
        return collects;
    }

    /** Gives all that still waits to its leaves, which collect in it from now on. */
    void settle() {
        Set<Long> kept = new HashSet<>();
        for (Waiting last : waiting.values()) {
            Gradients.collect(last.leaf, kept.add(last.sum.address()) ? last.sum : last.sum.copy());
        }
        drop();
    }

    private void replace(Waiting waiting, Tensor own) {
        waiting.sum.close();
        waiting.sum = scope.adopt(own);
        waiting.own = true;
    }

    private void drop() {
        for (Waiting last : waiting.values()) {
            last.leaf.close();
            last.sum.close();
        }
        waiting.clear();
    }

    /** How many tensors use the memory of this one. */
    private static long owners(Tensor tensor) {
        try (Storage storage = tensor.handle().storage()) {
            return storage.use_count();
        }
    }

    private static long identity(Tensor tensor) {
        return tensor.handle().unsafeGetTensorImpl().address();
    }

    @Override
    public void close() {
        drop();
        scope.close();
    }
}
