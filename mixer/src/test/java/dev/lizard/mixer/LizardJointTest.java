package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Tag;

class LizardJointTest extends MixerContract {
    Variant variant() {
        return Variant.JOINT;
    }

    @Override
    MixerSpec spec(int window, int features) {
        return new LizardSpec(variant(), window, features, 3, 4, 64, Branches.BOTH);
    }

    @Override
    boolean usesLayerInput() {
        return true;
    }

    /** The ring of w keys and values for each key head and the matrix [S | z] of 2 · 6 × (d + 1) for each head. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long ring = 2L * DIMS.keyHeads() * DIMS.headWidth() * window;
        long memory = DIMS.heads() * 12L * (DIMS.headWidth() + 1);
        return batch * (ring + memory) * Math.max(4, elementBytes);
    }

    @Tag("gpu")
    static class OnCuda extends LizardJointTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
