package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Variant;

class LizardSumTest extends LizardJointTest {
    @Override
    Variant variant() {
        return Variant.SUM;
    }
}
