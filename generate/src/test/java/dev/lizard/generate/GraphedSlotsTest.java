package dev.lizard.generate;

import static dev.lizard.generate.GraphedSessionTest.CUDA;
import static dev.lizard.generate.GraphedSessionTest.difference;
import static dev.lizard.generate.GraphedSessionTest.ids;
import static dev.lizard.generate.GraphedSessionTest.millis;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.mixer.SlotSpec;
import dev.lizard.mixer.SlotType;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Models with slots, whose steps are recorded on the device. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class GraphedSlotsTest {
    private static LizardSpec spec(int window, int slots, SlotType type, int limit) {
        SlotSpec exact = new SlotSpec(slots, SlotSpec.HIDDEN, type, limit, 1024);
        return new LizardSpec(Variant.JOINT, window, 4, 64, 0, 32, 2048, Branches.BOTH, Far.NONE, exact);
    }

    @Test
    void recordedStepsAreThoseOfTheCpuWhileSlotsFillAndOverflow() {
        LizardSpec spec = spec(16, 40, SlotType.MODEL, 100);
        try (Decoder cpu = GraphedSessionTest.decoder(GraphedSessionTest.SMALL, DType.FLOAT32, Device.CPU, spec, 4);
                Decoder cuda = GraphedSessionTest.decoder(GraphedSessionTest.SMALL, DType.FLOAT32, CUDA, spec, 4);
                Session right = new Session(cpu);
                Session recorded = new Session(cuda)) {
            int[] ids = ids(6, 300, 200);
            double worst = 0;
            for (Session session : new Session[] {right, recorded}) {
                session.prefill(Arrays.copyOf(ids, 30));
            }
            for (int t = 30; t < 150; t++) {
                worst = Math.max(worst, difference(right.step(ids[t]), recorded.step(ids[t])));
            }
            for (Session session : new Session[] {right, recorded}) {
                session.prefill(Arrays.copyOfRange(ids, 150, 170));
            }
            for (int t = 170; t < 200; t++) {
                worst = Math.max(worst, difference(right.step(ids[t]), recorded.step(ids[t])));
            }
            System.out.printf("slots: scores of recorded steps, worst difference %.2e%n", worst);
            assertThat(worst).isLessThan(2e-3);
        }
    }

    /** A read that comes too early or a write that another kernel does not expect would show in some of them. */
    @Test
    void stepsRepeatToTheBit() {
        LizardSpec spec = spec(32, 64, SlotType.INT8, 0);
        try (Decoder model = GraphedSessionTest.decoder(GraphedSessionTest.SMOL, DType.BFLOAT16, CUDA, spec, 1);
                Session session = new Session(model)) {
            int[] ids = ids(8, 40_000, 200);
            session.prefill(Arrays.copyOf(ids, 20));
            try (Snapshot place = session.snapshot()) {
                float[][] first = new float[ids.length][];
                for (int round = 0; round < 4; round++) {
                    session.rewind(place);
                    for (int t = 20; t < ids.length; t++) {
                        float[] scores = session.step(ids[t]);
                        if (round == 0) {
                            first[t] = scores.clone();
                        } else {
                            assertThat(Arrays.equals(scores, first[t]))
                                    .as("round %d, token %d", round, t)
                                    .isTrue();
                        }
                    }
                }
            }
        }
    }

    @Test
    void aStepTakesAsLongAfterManyTokensAsAfterFew() {
        LizardSpec spec = spec(128, 1024, SlotType.INT8, 2048);
        try (Decoder model = GraphedSessionTest.decoder(GraphedSessionTest.SMOL, DType.BFLOAT16, CUDA, spec, 1)) {
            double[] alone = new double[2];
            for (int batch : new int[] {1, 16, 64, 512}) {
                for (int i = 0; i < 2; i++) {
                    long context = i == 0 ? 2048 : 1 << 20;
                    double millis = millis(model, batch, context);
                    System.out.printf(
                            "135M with 1024 slots, bfloat16, batch %d after %d tokens: %.3f ms a step%n",
                            batch, context, millis);
                    alone[i] = batch == 1 ? millis : alone[i];
                }
            }
            assertThat(alone[1]).isLessThan(1.3 * alone[0]);
        }
    }
}
