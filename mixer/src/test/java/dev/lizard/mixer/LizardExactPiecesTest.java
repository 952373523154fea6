package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** All that exact memory promises, where pieces are read as the kernels of whole sequences read them. */
class LizardExactPiecesTest extends LizardExactTest {
    final SlotTwin kernels = new SlotTwin();

    /** Distances are not limited, so that all pieces are read so. */
    @Override
    SlotSpec exact(int slots, int limit) {
        return super.exact(slots, 0);
    }

    @Override
    MixerSpec spec(int window, int features) {
        return new PieceSpec((LizardSpec) super.spec(window, features), kernels);
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        List<MixerSpec> specs = new ArrayList<>();
        super.furtherSpecs().forEach(spec -> specs.add(new PieceSpec((LizardSpec) spec, kernels)));
        return specs;
    }

    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        return super.twin(((PieceSpec) spec).real(), parameters);
    }

    /** With gradients pieces are composed; so the tests that need none are repeated without. */
    private void withoutGradients(Runnable test) {
        try (Gradients off = Gradients.off()) {
            test.run();
        }
        assertThat(kernels.calls()).isPositive();
    }

    @Test
    @Override
    void everyFormIsTheNaiveTwin() {
        withoutGradients(super::everyFormIsTheNaiveTwin);
    }

    @Test
    @Override
    void narrowInputsGiveNarrowOutputsNearTheWideOnes() {
        withoutGradients(super::narrowInputsGiveNarrowOutputsNearTheWideOnes);
    }

    @Test
    @Override
    void laterTokensChangeNothingBefore() {
        withoutGradients(super::laterTokensChangeNothingBefore);
    }

    /** With a limit: the beginning by kernels, what lies beyond by composed operations. */
    static class Limited extends LizardExactPiecesTest {
        @Override
        SlotSpec exact(int slots, int limit) {
            return new SlotSpec(slots, 7, SlotType.MODEL, limit, limit == 0 ? 0 : 500);
        }
    }
}
