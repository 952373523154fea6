package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class LolcatsTest extends MixerContract {
    @Override
    MixerSpec spec(int window, int features) {
        return new LolcatsSpec(window, features, Branches.BOTH);
    }

    /** As Lizard's. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long ring = 2L * DIMS.keyHeads() * DIMS.headWidth() * window;
        long memory = DIMS.heads() * 12L * (DIMS.headWidth() + 1);
        return batch * (ring + memory) * Math.max(4, elementBytes);
    }

    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        return (h, x, q, k, v) -> new LolcatsTwin(
                        (LolcatsSpec) spec,
                        Plain.matrix(MixerSpec.need(parameters, LolcatsSpec.QUERY_MAP)
                                .select(0, h)),
                        Plain.matrix(
                                MixerSpec.need(parameters, LolcatsSpec.KEY_MAP).select(0, h)),
                        Plain.sigmoid(number(parameters, LolcatsSpec.WINDOW_LOGIT, h)))
                .run(q, k, v, FREQUENCIES);
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        List<MixerSpec> specs = new ArrayList<>();
        for (int window : windows()) {
            specs.add(new LolcatsSpec(window, 6, Branches.WINDOW));
            specs.add(new LolcatsSpec(window, 6, Branches.LINEAR));
        }
        return specs;
    }

    @Tag("gpu")
    static class OnCuda extends LolcatsTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
