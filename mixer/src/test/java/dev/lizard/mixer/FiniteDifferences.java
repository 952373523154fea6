package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Compares the engine's gradients with central differences, element by element, in float64. */
final class FiniteDifferences {
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-5;

    private FiniteDifferences() {}

    /**
     * Checks the gradient of a randomly weighted sum of {@code function}'s result with respect to every element of
     * every input.
     */
    static void check(
            String what, Map<String, Tensor> inputs, Function<Map<String, Tensor>, Tensor> function, long seed) {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> leaves = new LinkedHashMap<>();
            inputs.forEach(
                    (name, tensor) -> leaves.put(name, tensor.detach().copy().requiresGrad(true)));
            Tensor y = function.apply(leaves);
            Tensor weights = Fixtures.normal(new RandomStream(seed), 1, y.shape());
            y.mul(weights).sum().backward();
            leaves.forEach((name, leaf) -> {
                Tensor gradient = leaf.grad();
                assertThat(gradient).as("%s: gradient of %s", what, name).isNotNull();
                double[] expected = differences(leaf, () -> {
                    try (Scope inner = Scope.open();
                            Gradients off = Gradients.off()) {
                        return function.apply(leaves).mul(weights).sum().item();
                    }
                });
                double[] found = gradient.doubles();
                double largest = 0;
                double worst = 0;
                for (int i = 0; i < found.length; i++) {
                    largest = Math.max(largest, Math.abs(expected[i]));
                    worst = Math.max(worst, Math.abs(expected[i] - found[i]));
                }
                assertThat(worst)
                        .as("%s: gradient of %s, largest %s, seed %d", what, name, largest, seed)
                        .isLessThanOrEqualTo(TOLERANCE * Math.max(largest, 1e-3));
            });
        }
    }

    /** A number that depends on a leaf's memory. */
    private interface Value {
        double get();
    }

    private static double[] differences(Tensor leaf, Value value) {
        MemorySegment memory = leaf.detach().segment();
        double[] slopes = new double[(int) leaf.count()];
        for (int i = 0; i < slopes.length; i++) {
            double before = memory.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
            memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, before + STEP);
            double above = value.get();
            memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, before - STEP);
            double below = value.get();
            memory.setAtIndex(ValueLayout.JAVA_DOUBLE, i, before);
            slopes[i] = (above - below) / (2 * STEP);
        }
        return slopes;
    }
}
