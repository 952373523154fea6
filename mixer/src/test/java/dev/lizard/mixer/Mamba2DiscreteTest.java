package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Tag;

class Mamba2DiscreteTest extends Mamba2Test {
    @Override
    boolean discrete() {
        return true;
    }

    @Tag("gpu")
    static class OnCuda extends Mamba2DiscreteTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
