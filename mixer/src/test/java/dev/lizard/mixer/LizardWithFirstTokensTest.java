package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;

class LizardWithFirstTokensTest extends LizardJointTest {
    @Override
    MixerSpec spec(int window, int features) {
        return new LizardSpec(variant(), window, 3, features, 3, 4, 64, Branches.BOTH);
    }

    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        return super.stateBytes(window + 3, batch, tokens, elementBytes);
    }
}
