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
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pieces of a text as kernels of whole sequences read them, and the state they leave, against the other forms. */
@ExtendWith(LiveTensors.class)
class ExactPieceTest {
    private final RandomStream random = new RandomStream(Long.getLong("lizard.test.seed", 20_260_101L));
    private final SlotTwin kernels = new SlotTwin();

    static LizardSpec spec(int window, int first, int meta, SlotSpec slots) {
        return new LizardSpec(Variant.JOINT, window, first, 6, meta, 4, 64, Branches.BOTH, Far.NONE, slots);
    }

    /** A state whose slots stand in the order of their tokens, since they may lie in any. */
    static Map<String, Tensor> sorted(MixerState state) {
        SlotPairs held = SlotPairs.in(state);
        Tensor order = held.positions()
                .select(3, 0)
                .neg()
                .topK(held.positions().size(2), 2)
                .indices();
        SlotPairs inOrder = held.at(SlotPairs.rows(order, held.positions().size(2)));
        return Map.of(
                "keys", state.get(KeyRing.KEYS),
                "values", state.get(KeyRing.VALUES),
                "scores", state.get(ExactSlots.SCORES),
                "pairs", inOrder.pairs(),
                "marks", inOrder.marks(),
                "positions", inOrder.positions());
    }

    private static void assertSame(MixerState found, MixerState expected, double tolerance, String what) {
        Map<String, Tensor> right = sorted(expected);
        sorted(found)
                .forEach((name, tensor) -> assertThat(Fixtures.error(tensor, MixerSpec.need(right, name)))
                        .as("%s of %s", name, what)
                        .isLessThan(tolerance));
    }

    /** Lengths that add up to {@code tokens}: whole, nearly whole, and at random, single tokens among them. */
    private List<long[]> splits(long tokens) {
        List<long[]> splits = new ArrayList<>();
        splits.add(new long[] {tokens});
        splits.add(new long[] {tokens - 1, 1});
        splits.add(new long[] {2, tokens - 2});
        for (int i = 0; i < 3; i++) {
            List<Long> lengths = new ArrayList<>();
            for (long left = tokens; left > 0; left -= lengths.getLast()) {
                lengths.add(random.nextInt(4) == 0 ? 1 : Math.min(left, 1 + random.nextInt((int) tokens / 2)));
            }
            splits.add(lengths.stream().mapToLong(each -> each).toArray());
        }
        return splits;
    }

    /** Shorter than the window, between window and slots, far beyond; ties; groups of heads; both widths of the kernels. */
    @ParameterizedTest
    @CsvSource({
        // w, m, meta, K, type, half-life, H, G, d, tokens, coarse, rule
        "16, 2, 0, 9, INT8, 0, 6, 2, 8, 11, false, LEARNED",
        "16, 2, 0, 9, INT8, 0, 6, 2, 8, 17, false, LEARNED",
        "16, 2, 0, 9, INT8, 0, 6, 2, 8, 23, true, LEARNED",
        "16, 2, 0, 9, INT8, 0, 6, 2, 8, 190, true, LEARNED",
        "16, 2, 4, 9, MODEL, 40, 6, 2, 8, 190, false, LEARNED",
        "1, 0, 0, 1, INT8, 0, 2, 1, 8, 70, false, LEARNED",
        "5, 0, 0, 300, MODEL, 0, 2, 2, 8, 180, true, LEARNED",
        "3, 70, 0, 6, INT8, 60, 4, 2, 8, 150, true, LEARNED",
        "12, 4, 0, 40, INT8, 0, 9, 3, 64, 270, true, LEARNED",
        "12, 4, 3, 40, MODEL, 0, 4, 1, 128, 140, false, LEARNED",
        "7, 3, 2, 0, INT8, 0, 4, 2, 8, 60, false, LEARNED",
        "8, 3, 0, 20, INT8, 0, 4, 2, 8, 130, false, KEYDIFF",
        "8, 3, 2, 20, INT8, 0, 4, 2, 8, 130, false, RANDOM"
    })
    void anySplitGivesTheOutputsAndTheStateOfTheOtherForms(
            int window,
            int first,
            int meta,
            int slots,
            SlotType type,
            double halfLife,
            int heads,
            int groups,
            int width,
            long tokens,
            boolean coarse,
            SlotRule rule) {
        HeadDims dims = new HeadDims(12, heads, groups, width);
        int limit = slots == 0 ? 1000 : 0; // else it would be a window
        LizardSpec spec = spec(window, first, meta, new SlotSpec(slots, 7, type, limit, halfLife, rule));
        Map<String, Tensor> parameters = Fixtures.parameters(spec, dims, random);
        parameters.replaceAll(
                (name, x) -> // scores that are often equal
                coarse && name.equals(SlotScore.OUT_WEIGHT) ? x.mul(0.02) : x);
        for (DType dtype : List.of(DType.FLOAT64, DType.FLOAT32)) {
            double tolerance = dtype == DType.FLOAT64 ? 1e-9 : 1e-5;
            try (Scope scope = Scope.open();
                    Gradients off = Gradients.off();
                    Rotary rotary = Rotary.plain(10_000, width);
                    Positions start = Positions.start(rotary)) {
                Map<String, Tensor> own = Fixtures.to(dtype, parameters);
                Mixer composed = spec.create(dims, own);
                Mixer pieces = new PieceSpec(spec, kernels).create(dims, own);
                MixerInput all = Fixtures.to(dtype, Fixtures.input(dims, 2, tokens + 5, start, random));
                MixerInput in = all.slice(0, tokens, start);
                Tensor whole = composed.forward(all, Form.PARALLEL);
                Tensor right = whole.narrow(2, 0, tokens);
                long[] steps = LongStream.generate(() -> 1).limit(tokens).toArray();
                for (long[] split : splits(tokens)) {
                    String what = LongStream.of(split).boxed().toList() + " in " + dtype;
                    try (Scope each = Scope.open();
                            Fixtures.Running found = Fixtures.state(pieces, in);
                            Fixtures.Running chunks = Fixtures.state(composed, in);
                            Fixtures.Running single = Fixtures.state(composed, in)) {
                        assertThat(Fixtures.error(Fixtures.advance(pieces, in, found, split), right))
                                .as(what)
                                .isLessThan(tolerance);
                        Fixtures.advance(composed, in, chunks, split);
                        Fixtures.advance(composed, in, single, steps);
                        if (slots > 0) {
                            assertSame(found.state(), chunks.state(), tolerance, what);
                            assertSame(found.state(), single.state(), tolerance, what);
                        }
                        Tensor next = Fixtures.advance(pieces, all.slice(tokens, 5, start), found, 1, 3, 1);
                        assertThat(Fixtures.error(next, whole.narrow(2, tokens, 5)))
                                .as("after %s", what)
                                .isLessThan(tolerance);
                    }
                }
            }
        }
        assertThat(kernels.calls()).isGreaterThan(10);
    }

    /** As a recording reads them: how far the text is, only the device knows; a bound lets limited distances be read so. */
    @Test
    void aBoundServesWhereTheDeviceAloneKnowsHowFarTheTextIs() {
        HeadDims dims = new HeadDims(12, 4, 2, 8);
        LizardSpec spec = spec(6, 2, 0, new SlotSpec(10, 7, SlotType.INT8, 60, 0));
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, 8);
                Positions start = Positions.start(rotary)) {
            Map<String, Tensor> parameters = Fixtures.parameters(spec, dims, random);
            Mixer composed = spec.create(dims, parameters);
            Mixer pieces = new PieceSpec(spec, kernels).create(dims, parameters);
            MixerInput in = Fixtures.input(dims, 1, 50, start, random);
            try (Fixtures.Running known = Fixtures.state(composed, in);
                    MixerState blind = pieces.newState(1, DType.FLOAT64, Device.CPU)) {
                known.advance(composed, in.slice(0, 20, start), rotary);
                blind.put(0, known.state(), 0);
                Tensor expected = known.advance(composed, in.slice(20, 30, start), rotary);
                MixerInput rest = in.slice(20, 30, start);
                Tensor read = Tensors.of(new long[] {20}, 1);
                for (long most : new long[] {30, 31, Long.MAX_VALUE}) {
                    int before = kernels.calls();
                    try (MixerState state = blind.fork();
                            Positions there = Positions.on(rotary, read, 18, most)) {
                        Tensor y = pieces.chunk(rest.slice(0, 30, there), state);
                        assertThat(Fixtures.error(y, expected)).isLessThan(1e-9);
                        assertSame(state, known.state(), 1e-9, "at most " + most);
                        assertThat(kernels.calls() - before).isEqualTo(most == 30 ? 1 : 0);
                    }
                }
            }
        }
    }

    /** Gradients, memories of what is lost, rows apart, and a limit that is reached, are read by composed operations. */
    @Test
    void whatElseIsReadIsComposed() {
        HeadDims dims = new HeadDims(12, 4, 2, 8);
        SlotSpec slots = new SlotSpec(10, 7, SlotType.INT8, 60, 0);
        LizardSpec spec = spec(6, 2, 0, slots);
        LizardSpec far = new LizardSpec(Variant.JOINT, 6, 2, 6, 0, 4, 64, Branches.BOTH, Far.GATED, slots);
        try (Scope scope = Scope.open();
                Rotary rotary = Rotary.plain(10_000, 8);
                Positions start = Positions.start(rotary);
                Positions later = Positions.of(rotary, 50);
                Positions apart = Positions.of(rotary, 3, 4)) {
            Hybrid.Plan plan = plan(spec, dims);
            MixerInput in = Fixtures.input(dims, 2, 40, start, random);
            assertThat(ExactPiece.within(plan, in)).isZero();
            try (Gradients off = Gradients.off()) {
                assertThat(ExactPiece.within(plan, in)).isEqualTo(40);
                assertThat(ExactPiece.within(plan(far, dims), in)).isZero();
                assertThat(ExactPiece.within(plan, in.slice(0, 40, later))).isEqualTo(10);
                assertThat(ExactPiece.within(plan, in.slice(0, 40, apart))).isZero();
                assertThat(ExactPiece.within(plan, in.withValues(in.units()))).isZero();
                Hybrid mixer = hybrid(spec, dims);
                try (MixerState state = mixer.newState(2, DType.FLOAT64, Device.CPU)) {
                    assertThat(LizardKernels.chunk(mixer, in, state))
                            .as("without a card")
                            .isNull();
                }
            }
        }
    }

    private Hybrid hybrid(LizardSpec spec, HeadDims dims) {
        return (Hybrid) spec.create(dims, Fixtures.parameters(spec, dims, random));
    }

    private Hybrid.Plan plan(LizardSpec spec, HeadDims dims) {
        return hybrid(spec, dims).plan();
    }
}
