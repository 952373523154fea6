package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        WindowSpec window = (WindowSpec) spec;
        return (h, x, q, k, v) -> WindowTwin.run(
                q,
                k,
                v,
                FREQUENCIES,
                window.window(),
                window.first(),
                window.meta() == 0 ? new double[0] : Plain.matrix(MixerSpec.need(parameters, Sinks.NAME))[h],
                window.limit());
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        List<MixerSpec> specs = new ArrayList<>();
        for (int window : windows()) {
            for (int meta : new int[] {0, 3}) {
                for (int first : new int[] {0, 1, 5, 90}) {
                    specs.add(new WindowSpec(window, first, meta));
                }
            }
        }
        return specs;
    }

    @Tag("gpu")
    static class OnCuda extends WindowTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
