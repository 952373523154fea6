package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Tag;

class LizardLiteralTest extends LizardJointTest {
    @Override
    Variant variant() {
        return Variant.LITERAL;
    }

    @Tag("gpu")
    static class OnCuda extends LizardLiteralTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
