package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Tag;

class LizardWithFirstTokensTest extends LizardJointTest {
    @Override
    MixerSpec spec(int window, int features) {
        return new LizardSpec(variant(), window, 3, features, 3, 4, 64, Branches.BOTH);
    }

    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        return super.stateBytes(window + 3, batch, tokens, elementBytes);
    }

    @Tag("gpu")
    static class OnCuda extends LizardWithFirstTokensTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
