package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Tag;

class DeltaNetTest extends GatedDeltaTest {
    @Override
    boolean gated() {
        return false;
    }

    @Tag("gpu")
    static class OnCuda extends DeltaNetTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
