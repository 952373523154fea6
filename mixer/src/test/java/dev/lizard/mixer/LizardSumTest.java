package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Tag;

class LizardSumTest extends LizardJointTest {
    @Override
    Variant variant() {
        return Variant.SUM;
    }

    @Tag("gpu")
    static class OnCuda extends LizardSumTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
