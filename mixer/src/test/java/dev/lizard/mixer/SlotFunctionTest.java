package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.SlotAttention;
import dev.lizard.tensor.kernel.SlotInputs;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Exact slots by kernels against the composed operations, in float32 on the same card so that scores are the same. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class SlotFunctionTest {
    private static final Device CUDA = Device.cuda(0);
    private static final double LIMIT = 0.005; // of outputs: products and y in bfloat16
    private static final double SLOPES = 0.007;
    private static final double LOOSE = 0.03; // of sinks: sums over all rows of terms of both signs

    private final RandomStream random = new RandomStream(Long.getLong("lizard.test.seed", 20_260_101L));

    private static Tensor named(String name, double deviation, long... shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        return Tensors.of(RandomStream.named(8, name).normal((int) count, deviation), shape);
    }

    /** Output and gradients by name, float32 on the CPU. */
    private static Map<String, Tensor> learn(MixerSpec spec, HeadDims dims, long batch, long tokens, DType dtype) {
        Map<String, Tensor> leaves = new LinkedHashMap<>();
        for (MixerSpec.Parameter parameter : spec.initial(dims, new RandomStream(3))) {
            boolean sink = parameter.name().equals(Sinks.NAME);
            Tensor initial = sink ? parameter.initial().mul(0.0) : parameter.initial();
            Tensor noise = named(parameter.name(), 0.1, initial.shape());
            leaves.put(parameter.name(), initial.add(noise).to(CUDA).detach().requiresGrad(true));
        }
        Map<String, Tensor> parameters = Map.copyOf(leaves);
        long all = dims.heads() + 2L * dims.keyHeads();
        long[][] shapes = {{batch, tokens, dims.width()}, {batch, tokens, all, dims.headWidth()}};
        List<String> names = List.of("x", "qkv"); // rows of q, k and v side by side, as one product leaves them
        for (int i = 0; i < shapes.length; i++) {
            Tensor rounded = named(names.get(i), 1.3, shapes[i]).to(DType.BFLOAT16);
            leaves.put(names.get(i), rounded.to(dtype).to(CUDA).detach().requiresGrad(true));
        }
        Tensor dy = named("dy", 1, batch, dims.heads(), tokens, dims.headWidth())
                .to(DType.BFLOAT16)
                .to(dtype)
                .to(CUDA);
        Map<String, Tensor> result = new LinkedHashMap<>();
        try (Rotary rotary = Rotary.plain(10_000, dims.headWidth());
                Positions start = Positions.start(rotary);
                Tape tape = new Tape()) {
            Tensor y;
            try (Scope block = Scope.open();
                    Gradients on = Gradients.on()) {
                Tensor heads = MixerSpec.need(leaves, "qkv").mul(1.0).transpose(1, 2); // [B, n, T, d]
                MixerInput in = new MixerInput(
                        MixerSpec.need(leaves, "x").mul(1.0),
                        heads.narrow(1, 0, dims.heads()),
                        heads.narrow(1, dims.heads(), dims.keyHeads()),
                        heads.narrow(1, dims.heads() + dims.keyHeads(), dims.keyHeads()),
                        start);
                Hybrid mixer = (Hybrid) spec.create(dims, parameters);
                assertThat(SlotFunction.serves(mixer.plan(), in)).isEqualTo(dtype == DType.BFLOAT16);
                y = block.promote(mixer.forward(in, Form.CHUNK, tape));
            }
            result.put("y", plain(y));
            tape.backward(y, dy);
        }
        leaves.forEach((name, leaf) -> {
            if (leaf.grad() != null) { // scores have none
                result.put(name, plain(leaf.grad()));
            }
        });
        Tensor slopes = MixerSpec.need(result, "qkv");
        result.remove("qkv");
        result.put("q", slopes.narrow(2, 0, dims.heads()));
        result.put("k", slopes.narrow(2, dims.heads(), dims.keyHeads()));
        result.put("v", slopes.narrow(2, dims.heads() + dims.keyHeads(), dims.keyHeads()));
        return result;
    }

    private static Tensor plain(@Nullable Tensor x) {
        assertThat(x).isNotNull();
        return x.detach().to(DType.FLOAT32).to(Device.CPU);
    }

    /** Relative error in the norm; prints where the largest difference is. */
    private static double ratio(String name, Tensor actual, Tensor expected) {
        assertThat(actual.shape()).as(name).containsExactly(expected.shape());
        Tensor difference = actual.sub(expected);
        double error = difference.norm().item() / expected.norm().item();
        Tensor flat = difference.abs().reshape(-1);
        long at = (long) flat.argmax(0).item();
        StringBuilder place = new StringBuilder();
        long rest = at;
        for (int axis = expected.rank() - 1; axis >= 0; axis--) {
            place.insert(0, rest % expected.size(axis) + " ");
            rest /= expected.size(axis);
        }
        System.out.printf(
                "%s: %.5f, most %.5f at [%s]: %.5f for %.5f; finite %s%n",
                name,
                error,
                flat.amax().item(),
                place.toString().strip(),
                actual.reshape(-1).narrow(0, at, 1).item(),
                expected.reshape(-1).narrow(0, at, 1).item(),
                actual.allFinite());
        return error;
    }

    private static LizardSpec spec(int window, int first, int meta, SlotSpec slots) {
        return new LizardSpec(Variant.JOINT, window, first, 6, meta, 4, 64, Branches.BOTH, Far.NONE, slots);
    }

    private void agrees(MixerSpec spec, HeadDims dims, long batch, long tokens) {
        Map<String, Tensor> expected;
        Map<String, Tensor> actual;
        try (Scope scope = Scope.open()) {
            System.out.printf("%s, %s, %d x %d%n", spec, dims, batch, tokens);
            expected = learn(spec, dims, batch, tokens, DType.FLOAT32);
            actual = learn(spec, dims, batch, tokens, DType.BFLOAT16);
            assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
            Map<String, Double> errors = new LinkedHashMap<>();
            expected.forEach((name, tensor) -> errors.put(name, ratio(name, actual.get(name), tensor)));
            errors.forEach((name, error) -> assertThat(error)
                    .as(name)
                    .isLessThan(name.equals("y") ? LIMIT : name.equals(Sinks.NAME) ? LOOSE : SLOPES));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "128, 4, 0, 40, 700, 0", "128, 4, 0, 300, 700, 200", "64, 4, 4, 7, 515, 0", "40, 0, 0, 1, 130, 0",
        "128, 4, 0, 704, 900, 0", "100, 4, 4, 5000, 333, 0", "16, 70, 0, 64, 257, 50", "500, 4, 0, 20, 400, 0"
    })
    void groupsOfHeads(int window, int first, int meta, int slots, long tokens, double halfLife) {
        SlotSpec exact = new SlotSpec(slots, 16, SlotType.INT8, 0, halfLife);
        agrees(spec(window, first, meta, exact), new HeadDims(96, 9, 3, 64), 2, tokens);
    }

    @ParameterizedTest
    @CsvSource({"64, 4, 4, 50, 300, INT8", "128, 0, 0, 100, 450, MODEL"})
    void wideHeads(int window, int first, int meta, int slots, long tokens, SlotType type) {
        agrees(
                spec(window, first, meta, new SlotSpec(slots, 16, type, 2048, 0)),
                new HeadDims(96, 4, 2, 128),
                2,
                tokens);
    }

    @Test
    void windowAndFirstTokensAlone() {
        agrees(spec(128, 4, 0, SlotSpec.NONE), new HeadDims(96, 4, 4, 64), 1, 500);
        agrees(new WindowSpec(200, 0), new HeadDims(96, 2, 1, 64), 2, 640);
    }

    @Test
    void beyondTheLimitTheComposedFormStays() {
        LizardSpec spec = spec(64, 4, 0, new SlotSpec(30, 16, SlotType.INT8, 256, 0));
        HeadDims dims = new HeadDims(96, 2, 1, 64);
        try (Scope scope = Scope.open();
                Rotary rotary = Rotary.plain(10_000, 64);
                Positions start = Positions.start(rotary)) {
            MixerInput in = Fixtures.on(CUDA, Fixtures.to(DType.BFLOAT16, Fixtures.input(dims, 1, 257, start, random)));
            Map<String, Tensor> parameters = new LinkedHashMap<>();
            Fixtures.parameters(spec, dims, random).forEach((name, x) -> parameters.put(name, x.to(CUDA)));
            Hybrid mixer = (Hybrid) spec.create(dims, parameters);
            assertThat(SlotFunction.serves(mixer.plan(), in)).isFalse();
            assertThat(SlotFunction.serves(mixer.plan(), in.slice(0, 256, start)))
                    .isTrue();
        }
    }

    private static SlotInputs inputs(List<Tensor> heads, Rotary rotary, int window, int first, int slots) {
        Rotary.Waves waves = rotary.waves(0, heads.get(0).size(2), DType.FLOAT32, CUDA);
        return new SlotInputs(
                heads.get(0), heads.get(1), heads.get(2), waves.cos(), waves.sin(), null, window, first, slots, first);
    }

    private List<Tensor> heads(long batch, int heads, int groups, long tokens) {
        return List.of(
                Fixtures.normal(random, 1.5, batch, heads, tokens, 64)
                        .to(DType.BFLOAT16)
                        .to(CUDA),
                Fixtures.normal(random, 1.5, batch, groups, tokens, 64)
                        .to(DType.BFLOAT16)
                        .to(CUDA),
                Fixtures.normal(random, 1, batch, groups, tokens, 64)
                        .to(DType.BFLOAT16)
                        .to(CUDA));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 400, false",
        "40, 1000, false",
        "40, 1000, true",
        "704, 2777, false",
        "3, 131, true",
        "900, 950, true"
    })
    void tokensAreReadAsLongAsTheRaceSays(int slots, int tokens, boolean ties) {
        int window = 128;
        int first = 2;
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, 64)) {
            Tensor drawn = Fixtures.normal(random, ties ? 3 : 1, 2, 2, tokens);
            Tensor scores = (ties ? drawn.round() : drawn).to(DType.FLOAT32).to(CUDA);
            long leaving = tokens - window - first;
            Tensor expected = SlotRace.run(scores.narrow(2, 0, 0), scores.narrow(2, first, leaving), slots)
                    .ends()
                    .add((long) window + first)
                    .pad((double) tokens, first, window);
            Tensor until = SlotAttention.forward(inputs(heads(2, 2, 2, tokens), rotary, window, first, slots), scores)
                    .saved()
                    .until();
            Tensor wrong = until.to(DType.INT64).sub(expected).abs();
            System.out.printf(
                    "K %d, T %d: %s wrong%n",
                    slots, tokens, wrong.ge(1.0).to(DType.INT64).sum().item());
            assertThat(wrong.amax().item()).isZero();
        }
    }

    @Test
    void sameInputsGiveTheSameBits() {
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, 64)) {
            List<Tensor> heads = heads(2, 4, 2, 700);
            SlotInputs in = inputs(heads, rotary, 128, 4, 90);
            Tensor scores =
                    Fixtures.normal(random, 1, 2, 2, 700).to(DType.FLOAT32).to(CUDA);
            SlotAttention.Result result = SlotAttention.forward(in, scores);
            SlotAttention.Slopes one = SlotAttention.backward(in, result.y(), result.saved(), heads.get(0));
            SlotAttention.Slopes two = SlotAttention.backward(in, result.y(), result.saved(), heads.get(0));
            assertThat(one.q().sub(two.q()).abs().amax().item()).isZero();
            assertThat(one.k().sub(two.k()).abs().amax().item()).isZero();
            assertThat(one.v().sub(two.v()).abs().amax().item()).isZero();
        }
    }

    /** As the kernels keep it, in bfloat16; gradients go by. */
    private static Tensor kept(Tensor x) {
        Tensor plain = x.detach();
        return x.add(plain.to(DType.BFLOAT16).to(x.dtype()).sub(plain));
    }

    /** Long rows have no twin that holds all pairs, but a few of them have: of the numbers that the kernels keep. */
    @Test
    void aFewRowsOfALongSequence() {
        int tokens = 16_384;
        int window = 128;
        int first = 4;
        long[] rows = LongStream.rangeClosed(1, 32)
                .map(i -> 512 * i - 1)
                .toArray(); // so few that bfloat16's own error is a mean
        try (Scope scope = Scope.open();
                Rotary rotary = Rotary.plain(10_000, 64);
                Rotary cardRotary = Rotary.plain(10_000, 64)) {
            List<Tensor> heads = heads(1, 3, 1, tokens);
            Tensor dy = Tensors.zeros(DType.BFLOAT16, CUDA, 1, 3, tokens, 64);
            for (long row : rows) {
                dy.narrow(2, row, 1)
                        .copy_(Fixtures.normal(random, 1, 1, 3, 1, 64).to(CUDA));
            }
            Tensor until;
            Tensor y;
            SlotAttention.Slopes slopes;
            try (Gradients off = Gradients.off()) {
                SlotInputs in = inputs(heads, cardRotary, window, first, 704);
                Tensor scores = Fixtures.normal(random, 1, 1, 1, tokens)
                        .to(DType.FLOAT32)
                        .to(CUDA);
                SlotAttention.Result result = SlotAttention.forward(in, scores);
                y = result.y();
                until = result.saved().until().to(DType.INT64).to(Device.CPU).view(1, tokens);
                slopes = SlotAttention.backward(in, y, result.saved(), dy);
            }
            List<Tensor> leaves = heads.stream()
                    .map(x -> x.to(Device.CPU).to(DType.FLOAT64).detach().requiresGrad(true))
                    .toList();
            try (Gradients on = Gradients.on()) {
                Tensor index = Tensors.of(rows, rows.length).unsqueeze(-1); // [n, 1]
                Tensor place = Tensors.arange(0, tokens, Device.CPU).unsqueeze(0);
                Tensor distance = index.sub(place); // [n, T]
                Tensor turned = rotary.turned(leaves.get(0), rotary.waves(0, tokens, DType.FLOAT64, Device.CPU), false);
                Tensor q = kept(few(turned, rows));
                Tensor old = distance.ge((double) window);
                Tensor slot = old.logicalAnd(place.ge((double) first));
                Rotary.Waves waves = rotary.waves(0, tokens, DType.FLOAT64, Device.CPU);
                Tensor near = kept(rotary.turned(leaves.get(1), waves, false));
                Tensor held = kept(rotary.turned(SlotPairs.rounded(leaves.get(1), SlotType.INT8), waves, false));
                Tensor hidden = distance.lt(0).logicalOr(old.logicalAnd(until.le(index)));
                Tensor p = Tensors.where(slot, q.matmul(held.transpose(-1, -2)), q.matmul(near.transpose(-1, -2)))
                        .mul(0.125)
                        .maskedFill(hidden, Double.NEGATIVE_INFINITY)
                        .softmax(-1); // [1, 3, n, T]
                Tensor values = kept(SlotPairs.rounded(leaves.get(2), SlotType.INT8));
                Tensor others = p.maskedFill(slot, 0);
                Tensor expected = others.matmul(leaves.get(2)).add(p.sub(others).matmul(values));
                expected.backward(few(dy, rows).to(Device.CPU).to(DType.FLOAT64));
                assertThat(ratio("y", plain(few(y, rows)), plain(expected))).isLessThan(LIMIT);
            }
            assertThat(ratio("q", plain(slopes.q()), plain(leaves.get(0).grad())))
                    .isLessThan(SLOPES);
            assertThat(ratio("k", plain(slopes.k()), plain(leaves.get(1).grad())))
                    .isLessThan(SLOPES);
            assertThat(ratio("v", plain(slopes.v()), plain(leaves.get(2).grad())))
                    .isLessThan(SLOPES);
        }
    }

    private static Tensor few(Tensor x, long... rows) {
        return Tensors.cat(
                Arrays.stream(rows).mapToObj(row -> x.narrow(2, row, 1)).toList(), 2);
    }

    @ParameterizedTest
    @CsvSource({"64, 3, 700, 9, 3", "128, 4, 333, 4, 4", "300, 0, 301, 2, 1"})
    void importanceIsThatOfTheComposedOperations(int window, int first, long tokens, int heads, int groups) {
        HeadDims dims = new HeadDims(96, heads, groups, 64);
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, 64);
                Positions start = Positions.start(rotary)) {
            MixerInput in =
                    Fixtures.on(CUDA, Fixtures.to(DType.BFLOAT16, Fixtures.input(dims, 2, tokens, start, random)));
            KeyRing ring = new KeyRing(window, first);
            if (tokens > ring.slots()) {
                Tensor expected = plain(Importance.target(in.widened(), ring)).exp();
                Tensor actual = plain(Importance.target(in, ring)).exp();
                assertThat(SlotFunction.most(in, ring)).isNotNull();
                assertThat(ratio("most", actual, expected)).isLessThan(0.01);
            }
        }
    }
}
