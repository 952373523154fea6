package dev.lizard.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.cuda.Card;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPath;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Which kernels are chosen on which cards: decided from their properties, needs none. */
class KernelCardsTest {
    private static final DType HALF = DType.BFLOAT16;
    private static final List<Integer> ALL = List.of(75, 80, 86, 89, 90, 100, 120);

    /** Opt-in bytes a block as NVIDIA's programming guide has them, in KiB. */
    private static final List<Card> CARDS = List.of(
            card(75, 64, ALL),
            card(80, 163, ALL),
            card(86, 99, ALL),
            card(89, 99, ALL),
            card(90, 227, ALL),
            card(120, 99, ALL));

    private static final String EVERY = "8.0 8.6 8.9 9.0 12.0";

    private static Card card(int capability, int kibibytes, List<Integer> architectures) {
        return new Card("card", capability, 1024 * kibibytes, 100, architectures);
    }

    static List<Arguments> needs() {
        return List.of(
                Arguments.of("forward", LizardForward.need(HALF, 64, 32, 64), 76_816, EVERY),
                Arguments.of("forward", LizardForward.need(HALF, 64, 32, 112), 97_296, EVERY),
                Arguments.of("forward, 16 bytes more", LizardForward.need(HALF, 64, 32, 128), 101_392, "8.0 9.0"),
                Arguments.of("forward", LizardForward.need(HALF, 64, 64, 64), 93_456, EVERY),
                Arguments.of("forward", LizardForward.need(HALF, 64, 64, 80), 97_552, EVERY),
                Arguments.of("forward", LizardForward.need(HALF, 64, 64, 96), 101_648, "8.0 9.0"),
                Arguments.of("forward", LizardForward.need(HALF, 64, 64, 128), 109_840, "8.0 9.0"),
                Arguments.of("forward", LizardForward.need(HALF, 64, 128, 96), 151_312, "8.0 9.0"),
                Arguments.of("forward", LizardForward.need(HALF, 128, 32, 80), 183_312, "9.0"),
                Arguments.of("forward", LizardForward.need(HALF, 128, 64, 128), 216_336, "9.0"),
                Arguments.of("forward d", LizardForward.need(HALF, 96, 64, 128), null, ""),
                Arguments.of("forward F", LizardForward.need(HALF, 128, 128, 128), null, ""),
                Arguments.of("forward w", LizardForward.need(HALF, 64, 64, 256), null, ""),
                Arguments.of("forward type", LizardForward.need(DType.FLOAT32, 64, 64, 128), null, ""),
                Arguments.of("backward", LizardBackward.need(64, 32), 52_224, EVERY),
                Arguments.of("backward", LizardBackward.need(64, 64), 68_608, EVERY),
                Arguments.of("backward, all of 99 KiB", LizardBackward.need(128, 64), 101_376, EVERY),
                Arguments.of("backward", LizardBackward.need(64, 128), 117_760, "8.0 9.0"),
                Arguments.of("backward, all of 163 KiB", LizardBackward.need(128, 128), 166_912, "8.0 9.0"),
                Arguments.of("backward F", LizardBackward.need(64, 48), null, ""),
                Arguments.of("memory", MemoryInputs.need(HALF, 64, 128, false), 67_872, EVERY),
                Arguments.of("memory", MemoryInputs.need(HALF, 128, 256, false), 100_640, EVERY),
                Arguments.of("memory by row", MemoryInputs.need(HALF, 64, 64, true), 124_192, "8.0 9.0"),
                Arguments.of("memory by row", MemoryInputs.need(HALF, 128, 128, true), 156_960, "8.0 9.0"),
                Arguments.of("memory f", MemoryInputs.need(HALF, 64, 96, false), null, ""),
                Arguments.of("memory type", MemoryInputs.need(DType.FLOAT32, 64, 64, false), null, ""),
                Arguments.of("slots", SlotAttention.need(HALF, 64), 67_072, EVERY),
                Arguments.of("slots", SlotAttention.need(HALF, 128), 132_608, "8.0 9.0"),
                Arguments.of("slots d", SlotAttention.need(HALF, 96), null, ""),
                Arguments.of("slots type", SlotAttention.need(DType.FLOAT32, 64), null, ""),
                Arguments.of("decode w", DecodeKernel.need(64, 64, 8193, HALF), null, ""),
                Arguments.of("decode d", DecodeKernel.need(96, 64, 128, HALF), null, ""),
                Arguments.of("decode type", DecodeKernel.need(64, 64, 128, DType.FLOAT64), null, ""),
                Arguments.of("rows, direct", SkinnyGemm.need(16, 576, 576), 9 * 1088, EVERY),
                Arguments.of("rows", SkinnyGemm.need(1, 8192, 2048), 16_400 + 8704, EVERY),
                Arguments.of("rows", SkinnyGemm.need(16, 2048, 2048), 65_792 + 8704, EVERY),
                Arguments.of("rows", SkinnyGemm.need(3, 14_336, 4096), 86_064 + 8704, EVERY),
                Arguments.of("rows", SkinnyGemm.need(4, 14_336, 4096), 114_752 + 8704, "8.0 9.0"),
                Arguments.of("rows, beside static memory", SkinnyGemm.need(10, 8128, 2048), 162_720 + 8704, "9.0"),
                Arguments.of("rows, too long", SkinnyGemm.need(6, 14_336, 4096), null, ""),
                Arguments.of("rows K", SkinnyGemm.need(1, 1000, 4096), null, ""),
                Arguments.of("rows K", SkinnyGemm.need(1, 32, 96), null, ""),
                Arguments.of("rows N", SkinnyGemm.need(1, 1024, 4095), null, ""),
                Arguments.of("logits", GateLogits.need(HALF, 9, 576), 23_088, EVERY),
                Arguments.of("logits", GateLogits.need(HALF, 20, 2048), 81_920, EVERY),
                Arguments.of("logits, all of 99 KiB", GateLogits.need(HALF, 16, 1584), 101_376, EVERY),
                Arguments.of("logits", GateLogits.need(HALF, 16, 1592), 101_888, "8.0 9.0"),
                Arguments.of("logits", GateLogits.need(HALF, 32, 2048), 131_072, "8.0 9.0"),
                Arguments.of("logits, too wide", GateLogits.need(HALF, 32, 4096), null, ""),
                Arguments.of("logits D", GateLogits.need(HALF, 9, 580), null, ""),
                Arguments.of("logits type", GateLogits.need(DType.FLOAT32, 9, 576), null, ""),
                Arguments.of("training", TrainingKernels.need(HALF, 576), 128, EVERY),
                Arguments.of("training", TrainingKernels.need(DType.FLOAT32, 580), 128, EVERY),
                Arguments.of("training D", TrainingKernels.need(HALF, 580), null, ""),
                Arguments.of("training type", TrainingKernels.need(DType.FLOAT64, 576), null, ""),
                Arguments.of("small", SmallKernels.need(DType.FLOAT32), 0, EVERY),
                Arguments.of("small type", SmallKernels.need(DType.FLOAT64), null, ""),
                Arguments.of("sampling", TokenDraw.need(HALF, 262_144), 21_504, EVERY),
                Arguments.of("sampling V", TokenDraw.need(HALF, 262_145), null, ""),
                Arguments.of("sampling type", TokenDraw.need(DType.FLOAT64, 50), null, ""));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("needs")
    void eachKernelIsChosenWhereItsBlocksFit(String what, KernelNeed need, Integer bytes, String chosen) {
        if (bytes != null) {
            assertThat(need.sharedBytes()).isEqualTo(bytes);
        }
        assertThat(cardsThatTake(need)).as(what).isEqualTo(chosen);
    }

    private static String cardsThatTake(KernelNeed need) {
        return CARDS.stream()
                .filter(card -> KernelPath.of(card, need).kernel())
                .map(card -> Card.version(card.capability()))
                .collect(Collectors.joining(" "));
    }

    /** Static bytes are those that the compiler reports for sm_80 to sm_120, of the forms with the most threads. */
    @ParameterizedTest
    @CsvSource({"64, 32", "64, 64", "64, 128", "128, 32", "128, 64", "128, 128"})
    void decodingFitsEveryCardWithoutAskingForMore(int width, int half) {
        for (int window : new int[] {1, 128, 4096, 8192}) {
            KernelNeed need = DecodeKernel.need(width, half, window, HALF);
            assertThat(cardsThatTake(need)).isEqualTo(EVERY);
            assertThat(need.sharedBytes()).isBetween(4 * window + 4096, 48 * 1024);
        }
    }

    @ParameterizedTest
    @CsvSource({"64, 64, 512, 1, 8288", "128, 128, 512, 1, 10352", "64, 64, 512, 4, 8096"})
    void staticMemoryOfDecodingIsAtMostWhatIsDeclared(int width, int half, int threads, int slices, int compiled) {
        int declared = new DecodeKernel.Form(threads, slices, 4, 4).staticBytes(width, half);
        assertThat(declared).isBetween(compiled, compiled + 256);
    }

    @Test
    void withoutACompilerThatKnowsTheCardNoKernelIsChosen() {
        KernelNeed need = SmallKernels.need(DType.FLOAT32);
        assertThat(KernelPath.of(card(90, 227, List.of()), need).kernel()).isFalse();
        assertThat(KernelPath.of(card(80, 163, List.of(89, 90)), need).kernel()).isFalse();
        assertThat(KernelPath.of(card(120, 99, List.of(80, 90)), need).kernel()).isTrue();
        assertThat(card(120, 99, List.of(80, 90)).target()).isEqualTo(90);
        assertThat(card(89, 99, ALL).target()).isEqualTo(89);
    }
}
