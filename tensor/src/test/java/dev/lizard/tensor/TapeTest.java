package dev.lizard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LiveTensors.class)
class TapeTest {
    /** (a b, a + b) with its gradient written out. */
    private static final class ProductAndSum implements Tape.Operation {
        @Override
        public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
            assertThat(Gradients.enabled()).isFalse();
            kept.adopt(inputs.get(0).copy());
            return List.of(inputs.get(0).mul(inputs.get(1)), inputs.get(0).add(inputs.get(1)));
        }

        @Override
        public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
            Tensor product = gradients.get(0);
            Tensor sum = gradients.get(1);
            List<@Nullable Tensor> result = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Tensor part = product == null ? null : product.mul(inputs.get(1 - i));
                result.add(part == null ? sum : sum == null ? part : part.add(sum));
            }
            return result;
        }
    }

    private static Tensor leaf(long seed, long... shape) {
        float[] values = RandomStream.named(seed, "tape").normal((int) (shape[0] * shape[1]), 1);
        return Tensors.of(values, shape).to(DType.FLOAT64).requiresGrad(true);
    }

    /** A residual network of three layers: x ← x + sum(σ(x) W, x) ∘ product(σ(x) W, x). */
    private static Tensor network(Tensor input, Tensor weight, Tape tape, boolean given) {
        Tensor x = input;
        for (int layer = 0; layer < 3; layer++) {
            x = tape.cut(x);
            Tensor a = x.sigmoid().matmul(weight);
            if (given) {
                List<Tensor> pair = tape.apply(new ProductAndSum(), List.of(a, x));
                x = x.add(pair.get(0).mul(pair.get(1)));
            } else {
                x = x.add(a.mul(x).mul(a.add(x)));
            }
        }
        return x;
    }

    @Test
    void givenGradientsFlowThroughAResidualNetworkLikeAutomaticOnes() {
        Tensor x1 = leaf(1, 4, 3);
        Tensor w1 = leaf(2, 3, 3);
        Tensor plain = network(x1, w1, Tape.OFF, false);
        Tensor gradient = plain.detach().sigmoid();
        plain.backward(gradient);

        Tensor x2 = leaf(1, 4, 3);
        Tensor w2 = leaf(2, 3, 3);
        try (Tape tape = new Tape()) {
            Tensor taped = network(x2, w2, tape, true);
            assertThat(taped.doubles()).containsExactly(plain.doubles());
            tape.backward(taped, gradient);
        }
        near(x2.grad(), x1.grad());
        near(w2.grad(), w1.grad());
    }

    /** a + b, whose gradient is one tensor for both, as that of a norm of a sum. */
    private static final class Sum implements Tape.Operation {
        @Override
        public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
            return List.of(inputs.get(0).add(inputs.get(1)));
        }

        @Override
        public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
            Tensor gradient = gradients.getFirst();
            List<@Nullable Tensor> result = new ArrayList<>();
            result.add(gradient);
            result.add(gradient);
            return result;
        }
    }

    @Test
    void leavesThatGetOneTensorAsTheirGradientDoNotShareWhatIsAddedLater() {
        Tensor a = leaf(8, 2, 2);
        Tensor b = leaf(9, 2, 2);
        try (Tape tape = new Tape()) {
            Tensor y = tape.apply(new Sum(), a, b);
            tape.backward(y, Tensors.ones(DType.FLOAT64, Device.CPU, 2, 2));
        }
        a.mul(3.0).sum().backward(); // another loss, of this leaf alone
        assertThat(a.grad().doubles()).containsOnly(4);
        assertThat(b.grad().doubles()).containsOnly(1);
    }

    @Test
    void theGradientThatALeafKeepsAndAddsToIsReadAsItWasByTheGraphBesideIt() {
        Tensor x = leaf(10, 2, 2);
        Tensor w = leaf(11, 2, 2);
        try (Tape tape = new Tape()) {
            Tensor y = tape.apply(new Sum(), x, x.add(w.square()));
            tape.backward(y, Tensors.ones(DType.FLOAT64, Device.CPU, 2, 2));
        }
        assertThat(x.grad().doubles()).containsOnly(2);
        near(w.grad(), w.detach().mul(2.0));
    }

    @Test
    void aGradientThatViewsLetOneLeafCollectInIsNotChangedForTheOther() {
        Tensor a = leaf(12, 2, 2);
        Tensor b = leaf(13, 2, 2);
        try (Tape tape = new Tape()) {
            Tensor x = tape.cut(a);
            Tensor r = tape.cut(b);
            Tensor later = tape.apply(new ProductAndSum(), List.of(x.mul(2.0), x.mul(3.0)))
                    .get(1);
            Tensor y = tape.apply(new Sum(), x.view(4).view(2, 2), r);
            later.sum().backward();
            y.sum().backward();
            tape.unwind();
        }
        assertThat(a.grad().doubles()).containsOnly(6);
        assertThat(b.grad().doubles()).containsOnly(1);
    }

    @Test
    void twoGraphsThatGetOneTensorAsTheirGradientDoNotShareIt() {
        Tensor a = leaf(14, 2, 2);
        Tensor b = leaf(15, 2, 2);
        try (Tape tape = new Tape()) {
            Tensor y = tape.apply(new Sum(), a.view(4), b.view(4));
            tape.backward(y, Tensors.ones(DType.FLOAT64, Device.CPU, 4));
        }
        a.mul(3.0).sum().backward();
        assertThat(a.grad().doubles()).containsOnly(4);
        assertThat(b.grad().doubles()).containsOnly(1);
    }

    /** How many times a leaf is added to, with the gradients that it shares with another. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aSharedGradientIsNeverWrittenByTheSumsOfTheLeavesThatShareIt(int times) {
        Tensor a = leaf(16, 2, 2);
        Tensor b = leaf(17, 2, 2);
        Tensor gradient = leaf(18, 2, 2).detach();
        try (Tape tape = new Tape()) {
            Tensor x = tape.cut(a);
            Tensor r = tape.cut(b);
            List<Tensor> all = new ArrayList<>();
            for (int i = 0; i < times; i++) {
                all.add(tape.apply(new Sum(), x, r));
            }
            all.forEach(y -> y.backward(gradient));
            tape.unwind();
        }
        near(a.grad(), gradient.mul(times));
        near(b.grad(), gradient.mul(times));
        assertThat(gradient.doubles()).containsExactly(leaf(18, 2, 2).detach().doubles());
    }

    @Test
    void inputsThatShareAGradientOnTheirWayBackNeedNoCopyOfIt() {
        List<Tensor> seen = new ArrayList<>();
        Tensor a = leaf(19, 2, 2);
        Tensor b = leaf(20, 2, 2);
        try (Tape tape = new Tape()) {
            Tensor x = tape.apply(new Watched(seen), a);
            Tensor r = tape.apply(new Watched(seen), b);
            tape.backward(tape.apply(new Sum(), x, r), Tensors.ones(DType.FLOAT64, Device.CPU, 2, 2));
        }
        assertThat(seen).hasSize(2);
        assertThat(seen.get(0).address()).isEqualTo(seen.get(1).address());
    }

    /** The identity, which keeps the gradients that arrive at it. */
    private record Watched(List<Tensor> seen) implements Tape.Operation {
        @Override
        public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
            return List.of(inputs.getFirst().copy());
        }

        @Override
        public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
            seen.add(gradients.getFirst().alias());
            Scope.current().promote(seen.getLast());
            return gradients;
        }
    }

    @Test
    void aRecomputedPartHasTheSameGradients() {
        Tensor x1 = leaf(3, 4, 3);
        Tensor w1 = leaf(4, 3, 3);
        Tensor plain = network(x1.square(), w1, Tape.OFF, false);
        plain.sum().backward();

        Tensor x2 = leaf(3, 4, 3);
        Tensor w2 = leaf(4, 3, 3);
        try (Tape tape = new Tape()) {
            Tensor y = tape.recompute((in, inner) -> network(in, w2, inner, true), x2.square());
            y.sum().backward();
            tape.unwind();
        }
        near(x2.grad(), x1.grad());
        near(w2.grad(), w1.grad());
    }

    @Test
    void parametersInsideARecomputedPartLearnThoughItsInputDoesNot() {
        Tensor w = leaf(5, 3, 3);
        Tensor x = leaf(6, 4, 3).detach();
        try (Tape tape = new Tape()) {
            tape.recompute((in, inner) -> network(in, w, inner, true), x).sum().backward();
            tape.unwind();
        }
        assertThat(w.grad()).isNotNull();
        assertThat(x.grad()).isNull();
    }

    @Test
    void nothingIsRecordedWhereNoGradientIsWantedAndWhatWasDroppedIsFreed() {
        Tensor x = leaf(7, 2, 2);
        List<Tensor> off = Tape.OFF.apply(new ProductAndSum(), List.of(x, x));
        assertThat(off.getFirst().requiresGrad()).isFalse();
        long before = Scope.liveTensors();
        try (Scope work = Scope.open();
                Tape tape = new Tape()) {
            Tensor constant = x.detach();
            assertThat(tape.cut(constant)).isSameAs(constant);
            List<Tensor> outputs = tape.apply(new ProductAndSum(), List.of(tape.cut(x), constant));
            assertThat(outputs.get(1).requiresGrad()).isTrue();
        }
        assertThat(Scope.liveTensors()).isEqualTo(before);
    }

    private static void near(@Nullable Tensor actual, @Nullable Tensor expected) {
        assertThat(actual).isNotNull();
        assertThat(expected).isNotNull();
        assertThat(actual.sub(expected).norm().item())
                .isLessThan(1e-12 * expected.norm().item());
    }
}
