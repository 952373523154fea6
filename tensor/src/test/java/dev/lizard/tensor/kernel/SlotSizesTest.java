package dev.lizard.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlotSizesTest {
    /** The expected numbers are the constants of the compiled source. */
    @ParameterizedTest
    @CsvSource({"64, 50176, 67072, 50944", "128, 99328, 132608, 100096"})
    void agreeWithTheSource(int width, int forward, int queries, int keys) {
        SlotSizes sizes = new SlotSizes(width);
        assertThat(sizes.served()).isTrue();
        assertThat(sizes.forward()).isEqualTo(forward);
        assertThat(sizes.queries()).isEqualTo(queries);
        assertThat(sizes.keys()).isEqualTo(keys);
        assertThat(sizes.most()).isEqualTo(queries);
    }

    @Test
    void listsHoldWhatIsKeptAndWhatLeavesMeanwhile() {
        assertThat(SlotSizes.places(4, 704, 2048)).isEqualTo(896); // 4 + 704 + 127, in tiles of 64
        assertThat(SlotSizes.places(4, 704, 300)).isEqualTo(320); // no more than there are
        assertThat(SlotSizes.places(0, Integer.MAX_VALUE, 64)).isEqualTo(64);
        assertThat(SlotSizes.order(65)).isEqualTo(18 * 64);
    }

    @Test
    void otherSizesAreNotServed() {
        assertThat(new SlotSizes(80).served()).isFalse();
        assertThat(SlotAttention.serves(Device.CPU, DType.BFLOAT16, 64)).isFalse();
    }

    @Test
    void tensorsThatDoNotBelongTogetherAreRefused() {
        try (Scope scope = Scope.open()) {
            Tensor q = Tensors.zeros(DType.BFLOAT16, Device.CPU, 1, 3, 8, 64);
            Tensor k = Tensors.zeros(DType.BFLOAT16, Device.CPU, 1, 2, 8, 64);
            Tensor waves = Tensors.zeros(DType.FLOAT32, Device.CPU, 8, 32);
            assertThatThrownBy(() -> new SlotInputs(q, k, k, waves, waves, null, 4, 1, 2, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "8 queries, 8 keys and 8 values of 3 heads over 2, w 4, m 1, K 2 do not belong together");
        }
    }
}
