package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.tensor.Device;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** First tokens, which are read no farther away than a limit. */
class LizardSumWithFirstTokensTest extends LizardSumTest {
    private LizardSpec limited(int window, int features, int limit) {
        SlotSpec exact = SlotSpec.limited(limit);
        return new LizardSpec(variant(), window, 3, features, 3, 4, 64, Branches.BOTH, Far.GATED, exact);
    }

    @Override
    MixerSpec spec(int window, int features) {
        return limited(window, features, 40);
    }

    @Override
    List<Integer> windows() {
        return List.of(1, 16);
    }

    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        return super.stateBytes(window + 3, batch, tokens, elementBytes);
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        return List.of(limited(9, 6, 0), limited(4, 6, 7));
    }

    @Tag("gpu")
    static class OnCuda extends LizardSumWithFirstTokensTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
