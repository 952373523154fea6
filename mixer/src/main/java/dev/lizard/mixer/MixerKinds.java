package dev.lizard.mixer;

import java.util.List;

/** The mixers there are. A new one is a line here, its own file, and a subclass of {@code MixerContract}. */
final class MixerKinds {
    static final List<MixerKind<?>> ALL = List.of(
            SoftmaxSpec.KIND,
            WindowSpec.KIND,
            LizardSpec.JOINT,
            LizardSpec.SUM,
            LizardSpec.LITERAL,
            LolcatsSpec.KIND,
            GatedDeltaSpec.KIND,
            TaylorSpec.KIND,
            LinearSpec.KIND);

    private MixerKinds() {}
}
