package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.tensor.Device;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** What slots lose goes to the gated memory. */
class LizardExactFarTest extends LizardExactTest {
    @Override
    Far far() {
        return Far.GATED;
    }

    @Override
    List<Integer> windows() {
        return List.of(1, 16);
    }

    @Override
    boolean usesLayerInput() {
        return true;
    }

    /** The matrix [S | z] of 2 · 6 × (d + 1) for each head comes to it. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long memory = DIMS.heads() * 12L * (DIMS.headWidth() + 1);
        return super.stateBytes(window, batch, tokens, elementBytes) + batch * memory * Math.max(4, elementBytes);
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        List<MixerSpec> specs = new ArrayList<>(super.furtherSpecs());
        specs.add(spec(4, 3, 0, Branches.WINDOW, exact(8, 0)));
        specs.add(spec(4, 3, 0, Branches.LINEAR, exact(8, 0)));
        return specs;
    }

    @Tag("gpu")
    static class OnCuda extends LizardExactFarTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
