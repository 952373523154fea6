package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;
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

    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        return (h, x, q, k, v) -> WindowTwin.run(q, k, v, FREQUENCIES, q.length, 0, new double[0]);
    }

    @Tag("gpu")
    static class OnCuda extends SoftmaxTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
