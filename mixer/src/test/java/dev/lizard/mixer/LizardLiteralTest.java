package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Variant;

class LizardLiteralTest extends LizardJointTest {
    @Override
    Variant variant() {
        return Variant.LITERAL;
    }
}
