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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Which tokens hold slots, by example; what exact memory is at its ends. */
@ExtendWith(LiveTensors.class)
class ExactSlotsTest {
    private static final HeadDims DIMS = MixerUnderTest.DIMS;

    private final RandomStream random = new RandomStream(20_260_614L);

    /** Five holders' and challengers' scores, two places; the second of two equal ones is the better. */
    @Test
    void placesGoToTheBestSoFar() {
        try (Scope scope = Scope.open()) {
            Tensor holders = Tensors.of(new double[] {5, 3}, 1, 1, 2);
            Tensor challengers = Tensors.of(new double[] {2, 3, 6, 4, 5}, 1, 1, 5);
            SlotRace.Result race = SlotRace.run(holders, challengers, 2);
            // turns:    2: {5 3}   3: {5 3'}   6: {6 5}   4: {6 5}   5: {6 5'}
            assertThat(race.ends().longs()).containsExactly(4, 1, 0, 2, 5, 3, 5);
            assertThat(race.kept().longs()).containsExactly(4, 6);
            assertThat(race.lost().longs()).containsExactly(2, 1, 3, 5, 0);
        }
    }

    @Test
    void nobodyLosesWhileThereArePlaces() {
        try (Scope scope = Scope.open()) {
            Tensor none = Tensors.zeros(DType.FLOAT64, Device.CPU, 1, 1, 0);
            SlotRace.Result race = SlotRace.run(none, Tensors.of(new double[] {1, 4, 2}, 1, 1, 3), 3);
            assertThat(race.ends().longs()).containsExactly(3, 3, 3);
            assertThat(race.kept().longs()).containsExactly(1, 2, 0);
            assertThat(race.lost().count()).isZero();
        }
    }

    private static LizardSpec spec(int window, int first, SlotSpec exact) {
        return new LizardSpec(Variant.JOINT, window, first, 6, 0, 4, 64, Branches.BOTH, Far.NONE, exact);
    }

    /** Window 2, one first token, two slots; scores by token: the key at 3 lasts until two better ones have left. */
    @Test
    void aTokenIsReadFromItsOwnTimeUntilItsEnd() {
        double[] scores = {9, 1, 3, 5, 2, 5, 4, 7, 0, 0};
        SlotSpec exact = new SlotSpec(2, 1, SlotType.MODEL, 0, 0);
        List<String> seen = new ArrayList<>();
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
                Positions at = Positions.start(rotary)) {
            MixerInput in = Fixtures.input(DIMS, 1, scores.length, at, random);
            Tensor given = Tensors.of(scores, 1, 1, scores.length).expand(1, DIMS.keyHeads(), scores.length);
            ExactSlots slots = exact.beside(new KeyRing(2, 1));
            Tensor matrix = slots.parallel(
                            in.withValues(
                                    Tensors.eye(10, DType.FLOAT64, Device.CPU).expand(1, DIMS.keyHeads(), 10, 10)),
                            given,
                            null)
                    .near()
                    .divided();
            for (int t = 0; t < scores.length; t++) {
                double[] row = matrix.select(0, 0).select(0, 3).select(0, t).doubles();
                StringBuilder who = new StringBuilder();
                for (int j = 0; j < row.length; j++) {
                    who.append(row[j] > 0 ? "" + j : "");
                }
                seen.add(who.toString());
            }
        }
        assertThat(seen)
                .containsExactly("0", "01", "012", "0123", "01234", "02345", "02356", "03567", "03578", "05789");
    }

    /** Equal scores: the later token stays, and of equal slots the earliest goes. */
    @Test
    void ofEqualScoresTheLaterTokensStayInEveryForm() {
        LizardSpec spec = spec(3, 1, new SlotSpec(4, 2, SlotType.INT8, 0, 0));
        Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
        parameters.replaceAll((name, t) -> name.equals(SlotScore.OUT_WEIGHT) ? t.mul(0) : t); // all score the same
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
                Positions at = Positions.start(rotary)) {
            MixerInput in = Fixtures.input(DIMS, 2, 300, at, random);
            Mixer window = new WindowSpec(7, 1, 0).create(DIMS, Map.of());
            Tensor last = new LizardSpec(
                            Variant.JOINT,
                            3,
                            1,
                            6,
                            0,
                            4,
                            64,
                            Branches.BOTH,
                            Far.NONE,
                            new SlotSpec(4, 2, SlotType.MODEL, 0, 0))
                    .create(DIMS, parameters)
                    .forward(in, Form.PARALLEL);
            assertThat(Fixtures.error(last, window.forward(in, Form.PARALLEL))).isLessThan(1e-12);
            Mixer mixer = spec.create(DIMS, parameters);
            Tensor right = mixer.forward(in, Form.PARALLEL);
            for (Form form : Form.values()) {
                assertThat(Fixtures.error(mixer.forward(in, form), right))
                        .as("%s", form)
                        .isLessThan(1e-9);
            }
            try (Fixtures.Running state = Fixtures.state(mixer, in)) {
                Tensor pieces = Fixtures.advance(mixer, in, state, 1, 1, 5, 1, 130, 1, 1, 160);
                assertThat(Fixtures.error(pieces, right)).isLessThan(1e-9);
            }
        }
    }

    /** With more slots than tokens nothing is lost. */
    @Test
    void enoughSlotsAreFullAttention() {
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
                Positions at = Positions.start(rotary)) {
            MixerInput in = Fixtures.to(DType.FLOAT32, Fixtures.input(DIMS, 2, 300, at, random));
            Tensor full = new SoftmaxSpec().create(DIMS, Map.of()).forward(in, Form.PARALLEL);
            LizardSpec spec = spec(16, 4, new SlotSpec(280, 8, SlotType.MODEL, 0, 0));
            Mixer mixer = spec.create(DIMS, Fixtures.to(DType.FLOAT32, Fixtures.parameters(spec, DIMS, random)));
            for (Form form : Form.values()) {
                assertThat(Fixtures.error(mixer.forward(in, form), full))
                        .as("%s", form)
                        .isLessThan(1e-5);
            }
        }
    }

    /** Without slots, and with a limit that nothing reaches, it is what it was. */
    @Test
    void noSlotsAreTheFirstTokensAndTheWindow() {
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
                Positions at = Positions.start(rotary)) {
            MixerInput in = Fixtures.input(DIMS, 2, 300, at, random);
            Tensor window = new WindowSpec(16, 4, 0).create(DIMS, Map.of()).forward(in, Form.PARALLEL);
            Mixer same = spec(16, 4, SlotSpec.NONE).create(DIMS, Map.of());
            Mixer limited =
                    spec(16, 4, new SlotSpec(0, 1, SlotType.INT8, 400, 0)).create(DIMS, Map.of());
            LizardSpec before = new LizardSpec(Variant.JOINT, 16, 4, 6, 3, 4, 64, Branches.BOTH);
            LizardSpec after = new LizardSpec(
                    Variant.JOINT,
                    16,
                    4,
                    6,
                    3,
                    4,
                    64,
                    Branches.BOTH,
                    Far.GATED,
                    new SlotSpec(0, 1, SlotType.MODEL, 400, 0));
            Map<String, Tensor> parameters = Fixtures.parameters(before, DIMS, random);
            Tensor gated = before.create(DIMS, parameters).forward(in, Form.PARALLEL);
            for (Form form : Form.values()) {
                assertThat(Fixtures.error(same.forward(in, form), window)).isLessThan(1e-12);
                assertThat(Fixtures.error(limited.forward(in, form), window)).isLessThan(1e-12);
                assertThat(Fixtures.error(after.create(DIMS, parameters).forward(in, form), gated))
                        .isLessThan(1e-9);
            }
        }
    }

    /** Beyond the limit all stand at it: what is read no longer depends on how far the text has gone. */
    @Test
    void nothingIsReadFartherAwayThanTheLimit() {
        LizardSpec spec = spec(2, 1, new SlotSpec(1, 1, SlotType.MODEL, 10, 0));
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10, DIMS.headWidth());
                Positions at = Positions.start(rotary)) {
            MixerInput in = Fixtures.input(DIMS, 1, 40, at, random);
            for (Tensor same : List.of(in.q(), in.k(), in.v())) {
                same.copy_(same.narrow(2, 39, 1).expand(same.shape())); // all tokens alike but for
                same.narrow(2, 0, 2).mul_(1.5); // the first and the one that holds the slot
            }
            double[] scores = new double[40];
            Arrays.fill(scores, -1);
            scores[1] = 1;
            Tensor given = Tensors.of(scores, 1, 1, 40).expand(1, DIMS.keyHeads(), 40);
            Tensor y = spec.exact()
                    .beside(new KeyRing(2, 1))
                    .parallel(in, given, null)
                    .near()
                    .divided();
            Tensor beyond = y.narrow(2, 11, 29);
            assertThat(Fixtures.error(beyond, beyond.narrow(2, 0, 1).expand(beyond.shape())))
                    .isLessThan(1e-12);
            assertThat(Fixtures.error(y.narrow(2, 9, 1), y.narrow(2, 11, 1))).isGreaterThan(1e-3);
        }
    }

    /** Where turning scales keys and queries, what is read at the limit is scaled as all else is. */
    @Test
    void everyFormHasTheScaleOfTurning() {
        LizardSpec spec = spec(3, 1, new SlotSpec(40, 2, SlotType.MODEL, 12, 0));
        Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
        double[] frequencies = new double[DIMS.headWidth() / 2]; // nothing turns: only the scale is left
        double scale = 1.4;
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = new Rotary(frequencies, scale);
                Positions at = Positions.start(rotary)) {
            MixerInput in = Fixtures.input(DIMS, 2, 40, at, random);
            Mixer mixer = spec.create(DIMS, parameters);
            Tensor full = new SoftmaxSpec().create(DIMS, Map.of()).forward(in, Form.PARALLEL);
            for (Form form : Form.values()) {
                assertThat(Fixtures.error(mixer.forward(in, form), full))
                        .as("%s", form)
                        .isLessThan(1e-12);
            }
        }
    }
}
