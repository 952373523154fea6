package dev.lizard.tensor;

import dev.lizard.tensor.kernel.Sums;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Adds gradients to the places that parameters have for them: on a CUDA device many at once, since each by itself takes
 * less time than its launch.
 */
final class GradientSums implements AutoCloseable {
    private final Scope scope = Scope.owner();
    private final List<Tensor> places = new ArrayList<>();
    private final List<Tensor> parts = new ArrayList<>();
    private final Set<Long> waiting = new HashSet<>();

    /** {@code place += part}, now or at the next {@link #flush}; {@code part} may be of fewer bits. */
    void add(Tensor place, Tensor part) {
        if (!Sums.serve(place, part)) {
            place.add_(part);
            return;
        }
        if (places.size() == Sums.MOST || !waiting.add(place.address())) {
            flush();
            waiting.add(place.address());
        }
        places.add(scope.adopt(place.alias()));
        parts.add(scope.adopt(part.alias()));
    }

    void flush() {
        if (!places.isEmpty()) {
            Sums.add(places, parts);
        }
        drop();
    }

    private void drop() {
        places.forEach(Tensor::close);
        parts.forEach(Tensor::close);
        places.clear();
        parts.clear();
        waiting.clear();
    }

    @Override
    public void close() {
        drop();
        scope.close();
    }
}
