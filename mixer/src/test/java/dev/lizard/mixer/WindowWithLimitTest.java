package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** First tokens, which are read no farther away than a limit. */
class WindowWithLimitTest extends WindowTest {
    @Override
    MixerSpec spec(int window, int features) {
        return new WindowSpec(window, 3, 2, 40);
    }

    @Override
    List<Integer> windows() {
        return List.of(1, 16);
    }

    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        return super.stateBytes(window + 3, batch, tokens, elementBytes);
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        return List.of(new WindowSpec(4, 90, 0, 94), new WindowSpec(9, 1, 0, 10));
    }

    @Tag("gpu")
    static class OnCuda extends WindowWithLimitTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
