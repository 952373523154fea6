package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.kernels.KernelShape;
import dev.lizard.eval.kernels.KernelSpeed;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class KernelTableTest {
    private static KernelSpeed speed(@Nullable Double ofPeak) {
        return new KernelSpeed(
                "kernels",
                "lizard_forward_backward",
                KernelShape.USUAL.get(1),
                "cuda:0",
                "card",
                20,
                29.1234,
                29.0,
                1130.5,
                93.84,
                ofPeak,
                0.3012,
                ofPeak);
    }

    @Test
    void rowsStandUnderTheirHeads() {
        String head = KernelTable.head(new KernelSpeed.Place("cuda:0", "card", 1070.5, null));
        assertThat(head.lines())
                .containsExactly(
                        "card (cuda:0): peak 1,071 TFLOP/s in bfloat16, - TB/s",
                        "",
                        "kernel                   B,H,G,T,d,F,w                     ms   fastest   slowest  TFLOP/s"
                                + "   peak    TB/s   peak");
        assertThat(KernelTable.row(speed(0.0877)))
                .isEqualTo("lizard_forward_backward  16,32,32,8192,128,64,128     29.1234   29.0000 1130.5000     93.8"
                        + "   8.8%   0.301   8.8%");
        assertThat(KernelTable.row(speed(null))).endsWith("     93.8      -   0.301      -");
    }
}
