package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Tag;

class WindowWithSinksTest extends WindowTest {
    @Override
    MixerSpec spec(int window, int features) {
        return new WindowSpec(window, 3);
    }

    @Tag("gpu")
    static class OnCuda extends WindowWithSinksTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
