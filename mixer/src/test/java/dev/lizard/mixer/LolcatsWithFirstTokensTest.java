package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.Device;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** First tokens, which are read no farther away than a limit. */
class LolcatsWithFirstTokensTest extends LolcatsTest {
    @Override
    MixerSpec spec(int window, int features) {
        return new LolcatsSpec(window, 3, features, Branches.BOTH, 40);
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
        return List.of(
                new LolcatsSpec(4, 3, 6, Branches.BOTH, 0),
                new LolcatsSpec(4, 90, 6, Branches.BOTH, 94),
                new LolcatsSpec(4, 3, 6, Branches.LINEAR, 40));
    }

    @Tag("gpu")
    static class OnCuda extends LolcatsWithFirstTokensTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
