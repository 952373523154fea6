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
            KvCacheSpec.KIND,
            HedgehogSpec.KIND,
            SupraSpec.KIND,
            RetnetSpec.KIND,
            GlaSpec.KIND,
            LigerSpec.KIND,
            MambaSpec.KIND,
            Mamba2Spec.KIND,
            Mamba2Spec.DISCRETE,
            MlstmSpec.KIND,
            MetalaSpec.KIND,
            Rwkv7Spec.KIND,
            GatedDeltaSpec.KIND,
            GatedDeltaSpec.UNGATED,
            TaylorSpec.KIND,
            KernelSpec.KIND,
            LinearSpec.KIND);

    private MixerKinds() {}
}
