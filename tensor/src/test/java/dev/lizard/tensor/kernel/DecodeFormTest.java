package dev.lizard.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.kernel.DecodeKernel.Form;
import dev.lizard.tensor.kernel.SkinnyGemm.Plan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How the decoding kernels cut their work: chosen on the host, needs no card. */
class DecodeFormTest {
    @Test
    void fewHeadsAreCutIntoSlicesAndManyAreNot() {
        assertThat(Form.of(64, 64, 128, 9)).isEqualTo(new Form(256, 4, 4, 8));
        assertThat(Form.of(64, 64, 128, 5 * 9)).isEqualTo(new Form(256, 2, 4, 16));
        assertThat(Form.of(64, 64, 128, 16 * 9)).isEqualTo(new Form(256, 1, 4, 32));
        assertThat(Form.of(128, 64, 128, 512)).isEqualTo(new Form(512, 1, 2, 32));
        assertThat(Form.of(128, 128, 4096, 512)).isEqualTo(new Form(256, 1, 1, 16));
        assertThat(Form.of(64, 32, 1, 2)).isEqualTo(new Form(256, 4, 1, 1));
    }

    @ParameterizedTest
    @CsvSource({"64, 32", "64, 64", "64, 128", "128, 32", "128, 64", "128, 128"})
    void everyFormFitsTheKernel(int width, int half) {
        for (int window : new int[] {1, 7, 128, 1000, 8192}) {
            for (long heads : new long[] {1, 33, 34, 66, 67, 4096}) {
                Form form = Form.of(width, half, window, heads);
                int columns = width / form.slices();
                int groups = form.threads() / columns;
                assertThat(form.threads() % columns).isZero();
                assertThat(2 * half % groups).isZero();
                assertThat(form.threads() % half).isZero();
                assertThat(form.threads()).isBetween(160, width * half / 4);
                assertThat(form.keys()).isPositive();
                assertThat(form.values()).isPositive();
                assertThat(form.sharedBytes(width, window)).isBetween(4 * window, 36 * 1024);
            }
        }
    }

    @Test
    void rowsOfSmallModelsAreReadWhereTheyLie() {
        assertThat(Plan.of(576, true)).isEqualTo(new Plan(9, 1, false));
        assertThat(Plan.of(576, false)).isEqualTo(new Plan(9, 1, false));
        assertThat(Plan.of(1536, false)).isEqualTo(new Plan(12, 2, false));
        assertThat(Plan.of(1536, true)).isEqualTo(new Plan(8, 3, true));
        assertThat(Plan.of(64, true)).isEqualTo(new Plan(8, 1, false));
        assertThat(Plan.of(4096, false).sharedBytes(16, 4096)).isEqualTo(16 * (2 * 4096 + 16));
        assertThat(Plan.of(576, true).sharedBytes(16, 576)).isZero();
    }

    @Test
    void directPlansHoldEveryPiece() {
        for (int width = 64; width <= 8192; width += 64) {
            for (boolean norm : new boolean[] {true, false}) {
                Plan plan = Plan.of(width, norm);
                assertThat(plan.staged() || plan.warps() * plan.early() * 64 >= width)
                        .as("width %d", width)
                        .isTrue();
            }
        }
    }
}
