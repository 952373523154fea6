package dev.lizard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class GradientSumsTest {
    private static final int PLACES = 130; // more than one launch takes

    private static Tensor random(int index, long... shape) {
        int count = (int) (shape[0] * shape[1]);
        return Tensors.of(RandomStream.named(index, "sums").normal(count, 1), shape);
    }

    /** Places of many sizes, some added to twice, by parts of both types, whole and cut out of wider ones. */
    private static void addUp(Device device) {
        List<Tensor> places = new ArrayList<>();
        List<Tensor> expected = new ArrayList<>();
        try (GradientSums sums = new GradientSums()) {
            for (int i = 0; i < PLACES; i++) {
                long rows = 1 + i * 7 % 40;
                long columns = 1 + i * 5 % 30;
                Tensor twin = random(i, rows, columns);
                Tensor place = twin.copy().to(device);
                for (int turn = 0; turn <= (i % 10 == 3 ? 1 : 0); turn++) {
                    Tensor part =
                            random(1000 + i + turn, rows, columns + 3).to(i % 3 == 0 ? DType.BFLOAT16 : DType.FLOAT32);
                    Tensor cut = i % 2 == 0
                            ? part.narrow(1, 2, columns)
                            : part.narrow(1, 0, columns).contiguous();
                    Tensor there = part.to(device);
                    sums.add(
                            place,
                            i % 2 == 0
                                    ? there.narrow(1, 2, columns)
                                    : there.narrow(1, 0, columns).contiguous());
                    twin.add_(cut);
                }
                places.add(place);
                expected.add(twin);
            }
            sums.flush();
            for (int i = 0; i < PLACES; i++) {
                assertThat(places.get(i).floats())
                        .as("place %d", i)
                        .containsExactly(expected.get(i).floats());
            }
        }
    }

    @Test
    void partsAreAdded() {
        addUp(Device.CPU);
    }

    @Test
    @Tag("gpu")
    void partsAreAddedOnTheCard() {
        addUp(Device.cuda(0));
    }
}
