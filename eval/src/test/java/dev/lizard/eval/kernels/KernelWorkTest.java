package dev.lizard.eval.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Operations and bytes counted by hand. */
class KernelWorkTest {
    /** A head has 14,368 pairs in its windows, 192 written keys, and 6,240 pairs of a query and a key of its chunk. */
    private static final KernelShape SMALL = new KernelShape(1, 2, 1, 256, 64, 32, 64);

    @Test
    void forward() {
        double head = 4 * 64 * 14_368.0 + (2 * 64 + 2 * 64) * 6_240.0 + (4 * 64 * 64 + 4 * 64 * 32) * 192.0;
        assertThat(head).isEqualTo(9_994_240);
        assertThat(KernelWork.forward(SMALL, false)).isEqualTo(new KernelWork(2 * head, 280_576));
        assertThat(KernelWork.forward(SMALL, true)).isEqualTo(new KernelWork(2 * head, 280_576 + 3 * 4 * 512));
    }

    @Test
    void backward() {
        double head = 10 * 64 * 14_368.0 + (6 * 64 + 4 * 64) * 6_240.0 + (10 * 64 * 64 + 12 * 64 * 32) * 192.0;
        assertThat(head).isEqualTo(25_772_032);
        assertThat(KernelWork.backward(SMALL)).isEqualTo(new KernelWork(2 * head, 352_256 + 165_888));
    }

    @Test
    void softmax() {
        KernelWork forward = KernelWork.softmaxForward(SMALL); // 32,896 pairs a head
        KernelWork backward = KernelWork.softmaxBackward(SMALL);
        assertThat(forward).isEqualTo(new KernelWork(16_842_752, 196_608));
        assertThat(backward).isEqualTo(new KernelWork(42_106_880, 395_264));
        assertThat(forward.plus(backward)).isEqualTo(new KernelWork(58_949_632, 591_872));
    }

    /** 192 tokens leave the window; with 50 kept there are 1,275 pairs until all places are taken, 7,100 after. */
    @Test
    void slots() {
        double head = 4 * 64 * (14_368.0 + 1_275 + 7_100);
        assertThat(KernelWork.slotsForward(SMALL, 50).flops()).isEqualTo(2 * head);
        assertThat(KernelWork.slotsBackward(SMALL, 50).flops()).isEqualTo(5 * head);
        assertThat(KernelWork.slotsForward(SMALL, 192).flops())
                .isEqualTo(KernelWork.softmaxForward(SMALL).flops());
        assertThat(KernelWork.slotsMost(SMALL).flops())
                .isEqualTo(KernelWork.softmaxForward(SMALL).flops());
    }

    @Test
    void decodingIsReadingAndWritingTheState() {
        KernelWork two = KernelWork.decode(KernelShape.token(2), 576);
        assertThat(two).isEqualTo(new KernelWork(18 * (33_280.0 + 16_384 + 32_768 + 1_152), 1_918_464));
        double more = KernelWork.decode(KernelShape.token(3), 576).bytes() - two.bytes();
        double state = 9 * 2 * 128 * 65 * 4.0 + 2 * 3 * 129 * 64 * 4.0;
        assertThat(more).isCloseTo(state, within(0.01 * state));
    }

    @Test
    void aTokenOfALongTextCostsWhatTheEssaySays() {
        KernelShape wide = new KernelShape(1, 1, 1, 1 << 22, 128, 64, 128);
        assertThat(KernelWork.forward(wide, true).flops() / wide.tokens()).isCloseTo(180_480, within(10.0));
        assertThat(KernelWork.backward(wide).flops() / wide.tokens()).isCloseTo(467_584, within(20.0));
    }

    @Test
    void aTextWithinTheWindowIsSoftmaxAttention() {
        KernelShape brief = new KernelShape(3, 4, 2, 50, 64, 32, 64);
        assertThat(KernelWork.forward(brief, false).flops())
                .isEqualTo(KernelWork.softmaxForward(brief).flops());
        assertThat(KernelWork.backward(brief).flops())
                .isEqualTo(KernelWork.softmaxBackward(brief).flops());
    }
}
