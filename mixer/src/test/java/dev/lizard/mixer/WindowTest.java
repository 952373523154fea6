package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Tag;

class WindowTest extends MixerContract {
    @Override
    MixerSpec spec(int window, int features) {
        return new WindowSpec(window, 0);
    }

    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        return 2L * batch * DIMS.keyHeads() * DIMS.headWidth() * window * Math.max(4, elementBytes);
    }

    @Tag("gpu")
    static class OnCuda extends WindowTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
