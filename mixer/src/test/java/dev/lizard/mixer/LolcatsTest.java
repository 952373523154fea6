package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Tag;

class LolcatsTest extends MixerContract {
    @Override
    MixerSpec spec(int window, int features) {
        return new LolcatsSpec(window, features, Branches.BOTH);
    }

    /** As Lizard's. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long ring = 2L * DIMS.keyHeads() * DIMS.headWidth() * window;
        long memory = DIMS.heads() * 12L * (DIMS.headWidth() + 1);
        return batch * (ring + memory) * Math.max(4, elementBytes);
    }

    @Tag("gpu")
    static class OnCuda extends LolcatsTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
