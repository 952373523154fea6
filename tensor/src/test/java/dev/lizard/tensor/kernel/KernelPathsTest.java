package dev.lizard.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.cuda.Card;
import dev.lizard.tensor.cuda.CudaReport;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.cuda.KernelPaths;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is said of the paths that parts take, on cards made up. */
class KernelPathsTest {
    private static final Card TURING = new Card("Tesla T4", 75, 64 * 1024, 40, List.of(75, 80, 90));
    private static final Card AMPERE = new Card("RTX 3090", 86, 99 * 1024, 82, List.of(75, 80, 86));
    private static final Device CUDA = Device.cuda(1);

    private final List<String> heard = new ArrayList<>();

    private KernelPaths paths(Card card, boolean all) {
        KernelPaths paths = new KernelPaths(device -> card);
        paths.listen(heard::add, all);
        return paths;
    }

    @Test
    void aPartThatDoesNotFitSaysSoOnceAndOthersAreSilent() {
        KernelPaths paths = paths(AMPERE, false);
        for (int i = 0; i < 3; i++) {
            assertThat(paths.kernel(CUDA, GateLogits.need(DType.BFLOAT16, 32, 2048)))
                    .isFalse();
            assertThat(paths.kernel(CUDA, GateLogits.need(DType.BFLOAT16, 16, 2048)))
                    .isFalse();
            assertThat(paths.kernel(CUDA, GateLogits.need(DType.BFLOAT16, 9, 576)))
                    .isTrue();
            assertThat(paths.kernel(CUDA, LizardForward.need(DType.BFLOAT16, 96, 64, 128)))
                    .isFalse();
            assertThat(paths.kernel(CUDA, SkinnyGemm.need(4, 14_336, 4096))).isFalse();
        }
        assertThat(heard)
                .containsExactly(
                        "cuda:1 (RTX 3090): logits of gates: composed operations; a kernel needs 131,072 bytes of"
                                + " shared memory a block, the card has 101,376; slower",
                        "cuda:1 (RTX 3090): projections of a decoding step: composed operations; a kernel needs 123,456"
                                + " bytes of shared memory a block, the card has 101,376; slower");
    }

    @Test
    void aCardWithoutAnyKernelSaysSoOnceForAllParts() {
        KernelPaths paths = paths(TURING, false);
        assertThat(UsualSizes.ALL).noneMatch(usual -> paths.kernel(CUDA, usual.need()));
        assertThat(heard)
                .containsExactly("cuda:1 (Tesla T4): composed operations in place of our kernels; kernels need compute"
                        + " capability 8.0, the card has 7.5; slower");
        assertThat(CudaReport.refusal(TURING)).contains("kernels need compute capability 8.0, the card has 7.5");
        assertThat(CudaReport.refusal(AMPERE)).isEmpty();
    }

    @Test
    void everyDecisionIsHeardByWhoWantsAll() {
        KernelPaths paths = paths(AMPERE, true);
        paths.kernel(CUDA, LizardBackward.need(64, 64));
        paths.kernel(CUDA, LizardBackward.need(64, 64));
        paths.kernel(CUDA, LizardBackward.need(64, 48));
        paths.kernel(CUDA, LizardForward.need(DType.BFLOAT16, 64, 64, 128));
        assertThat(heard)
                .containsExactly(
                        "cuda:1 (RTX 3090): gradients of lizard: kernels; 68,608 of 101,376 bytes of shared memory a"
                                + " block",
                        "cuda:1 (RTX 3090): gradients of lizard: composed operations; kernels take d 64 or 128, f 64 to"
                                + " 256 in steps of 64",
                        "cuda:1 (RTX 3090): lizard over sequences: composed operations; a kernel needs 109,840 bytes of"
                                + " shared memory a block, the card has 101,376");
    }

    @Test
    void onTheCpuNothingIsAskedAndNothingSaid() {
        KernelPaths paths = new KernelPaths(device -> {
            throw new AssertionError("asked for a card");
        });
        paths.listen(heard::add, true);
        assertThat(paths.kernel(Device.CPU, SmallKernels.need(DType.FLOAT32))).isFalse();
        assertThat(heard).isEmpty();
    }

    @Test
    void aCardThatCannotBeAskedHasNoKernels() {
        KernelPaths paths = new KernelPaths(device -> {
            throw LizardException.environment("no CUDA driver on this machine");
        });
        paths.listen(heard::add, false);
        assertThat(paths.kernel(CUDA, SmallKernels.need(DType.FLOAT32))).isFalse();
        assertThat(heard)
                .containsExactly(
                        "cuda:1: composed operations in place of our kernels; no CUDA driver on this machine; slower");
    }

    @Test
    void sizesWithoutKernelsAreRefusedBeforeACardIsAskedFor() {
        assertThat(LizardForward.refusal(CUDA, DType.BFLOAT16, 96, 64, 128))
                .contains("expected d 64 or 128, f 64 or 128 (256 with d 64), w 64 to 128 in steps of 16, in bfloat16");
        assertThat(LizardBackward.refusal(CUDA, 64, 48)).contains("expected d 64 or 128, f 64 to 256 in steps of 64");
    }

    @Test
    void usualSizesCoverEveryPart() {
        assertThat(UsualSizes.paths(AMPERE)).containsOnlyKeys(KernelPart.values());
        assertThat(UsualSizes.paths(AMPERE).get(KernelPart.LIZARD_BACKWARD))
                .isEqualTo("d 64, f 128: kernels; d 128, f 128: kernels");
        assertThat(UsualSizes.paths(AMPERE).get(KernelPart.LOGITS))
                .isEqualTo("9 heads, D 576: kernels; 32 heads, D 2048: composed operations, as a kernel needs 131,072"
                        + " bytes of shared memory a block, the card has 101,376");
    }
}
