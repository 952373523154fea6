package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import java.util.List;
import org.junit.jupiter.api.Tag;

class SoftmaxTest extends MixerContract {
    @Override
    MixerSpec spec(int window, int features) {
        return new SoftmaxSpec();
    }

    @Override
    List<Integer> windows() {
        return List.of(1);
    }

    /** Capacity starts at 256 tokens, and doubles or takes what one call needs. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long capacity = tokens == 0 ? 0 : tokens <= 256 ? 256 : tokens <= 512 ? 512 : tokens <= 1033 ? 1033 : 2066;
        return 2L * batch * DIMS.keyHeads() * DIMS.headWidth() * capacity * elementBytes;
    }

    @Tag("gpu")
    static class OnCuda extends SoftmaxTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
