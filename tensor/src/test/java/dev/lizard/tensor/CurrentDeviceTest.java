package dev.lizard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class CurrentDeviceTest {
    @Test
    void operationsInsideAndAfterItFindTheDeviceOfTheirTensors() {
        Tensor x = Tensors.ones(DType.FLOAT32, Device.CPU, 3);
        try (CurrentDevice outer = new CurrentDevice(Device.CPU);
                CurrentDevice inner = new CurrentDevice(Device.CPU)) {
            assertThat(outer).isNotEqualTo(inner);
            assertThat(x.add(1).floats()).containsOnly(2);
        }
        assertThat(x.add(2).floats()).containsOnly(3);
    }
}
