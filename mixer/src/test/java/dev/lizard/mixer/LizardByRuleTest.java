package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Slots by a rule instead of a learned score. */
class LizardByRuleTest extends LizardExactTest {
    SlotRule rule = SlotRule.KEYDIFF;

    @Override
    SlotSpec exact(int slots, int limit) {
        return new SlotSpec(slots, 1, SlotType.MODEL, limit, 0, rule);
    }

    @Override
    List<Integer> windows() {
        return List.of(1, 16);
    }

    /** The sum of the directions of keys comes to it. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long sum = (long) DIMS.keyHeads() * DIMS.headWidth() * Math.max(4, elementBytes);
        return super.stateBytes(window, batch, tokens, elementBytes) + batch * sum;
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        List<MixerSpec> specs = new ArrayList<>();
        for (SlotRule each : List.of(SlotRule.KNORM, SlotRule.KEYDIFF, SlotRule.RANDOM)) {
            for (int slots : new int[] {1, 17, 100}) {
                SlotType type = slots == 1 ? SlotType.INT8 : SlotType.MODEL;
                int limit = slots == 17 ? 30 : 0;
                specs.add(spec(4, 3, 0, Branches.BOTH, new SlotSpec(slots, 1, type, limit, 0, each)));
            }
        }
        return specs;
    }

    @Test
    void chanceIsEvenOverTokensAndHeads() {
        LizardSpec spec = spec(4, 3, 0, Branches.BOTH, new SlotSpec(8, 1, SlotType.MODEL, 0, 0, SlotRule.RANDOM));
        for (int g = 0; g < 2; g++) {
            int head = g;
            double[] draws = IntStream.range(0, 10_000)
                    .mapToDouble(t -> RuleTwin.score(spec, head, new double[0][], t))
                    .toArray();
            int[] tenths = new int[10];
            double together = 0;
            for (int t = 0; t < draws.length; t++) {
                tenths[(int) (draws[t] * 10)]++;
                together += t == 0 ? 0 : (draws[t] - 0.5) * (draws[t - 1] - 0.5) * 12 / draws.length;
            }
            assertThat(IntStream.of(tenths).boxed()).allMatch(count -> count > 850 && count < 1150);
            assertThat(Math.abs(together)).isLessThan(0.05);
        }
    }

    @Tag("gpu")
    static class OnCuda extends LizardByRuleTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
