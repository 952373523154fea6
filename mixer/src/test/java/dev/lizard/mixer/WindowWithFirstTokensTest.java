package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Tag;

class WindowWithFirstTokensTest extends WindowTest {
    @Override
    MixerSpec spec(int window, int features) {
        return new WindowSpec(window, 3, 2);
    }

    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        return super.stateBytes(window + 3, batch, tokens, elementBytes);
    }

    @Tag("gpu")
    static class OnCuda extends WindowWithFirstTokensTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
