package dev.lizard.eval.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("gpu")
@ExtendWith(LiveTensors.class)
class KernelBenchTest {
    private static final KernelSpeed.Place PLACE = new KernelSpeed.Place("cuda:0", "card", 2000.0, 10.0);

    private final List<KernelSpeed> results = new ArrayList<>();
    private final KernelBench bench = new KernelBench(Device.cuda(0), PLACE, 1, 4, 0, results::add);

    @Test
    void everyKernelOfAShapeIsTimed() {
        KernelShape shape = KernelShape.parse("4,6,2,1024,64,32,64");
        bench.sequences(shape);
        assertThat(results)
                .extracting(KernelSpeed::kernel)
                .containsExactly(
                        "lizard_forward",
                        "lizard_forward_save",
                        "lizard_backward",
                        "lizard_forward_backward",
                        "slots_forward",
                        "slots_backward",
                        "slots_forward_backward",
                        "slots_most",
                        "softmax_forward",
                        "softmax_forward_backward");
        assertThat(results).allSatisfy(result -> {
            assertThat(result.shape()).isEqualTo(shape);
            assertThat(result.fastestMs()).isPositive();
            assertThat(result.ms()).isBetween(result.fastestMs(), result.slowestMs());
            assertThat(result.ofPeakTflops()).isBetween(0.0, 1.0);
        });
    }

    /** Old tokens are gathered, so their number is bounded by what is kept and not by the text's length. */
    @ParameterizedTest
    @ValueSource(strings = {"16,9,3,2048,64,64,128", "4,9,3,16384,64,64,128"})
    void exactSlotsAreTimedBesideSoftmaxOverAll(String shape) {
        bench.sequences(KernelShape.parse(shape));
        results.forEach(
                result -> System.out.printf("%s %s: %.3f ms%n", result.kernel(), result.shape(), result.fastestMs()));
        if (results.getFirst().shape().tokens() > 8192) {
            assertThat(fastest("slots_forward_backward")).isLessThan(fastest("softmax_forward_backward"));
        }
    }

    private double fastest(String kernel) {
        return results.stream()
                .filter(result -> result.kernel().equals(kernel))
                .mapToDouble(KernelSpeed::fastestMs)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void decodingIsTimedALayer() {
        bench.decode(16);
        KernelSpeed result = results.getFirst();
        assertThat(result.kernel()).isEqualTo("lizard_decode");
        assertThat(result.runs()).isEqualTo(4);
        assertThat(result.ofPeakTbPerS()).isBetween(0.0, 1.0);
    }

    @Test
    void sizesWithoutAKernelAreRefused() {
        assertThatThrownBy(() -> bench.sequences(KernelShape.parse("1,2,2,64,80,32,64")))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("no kernel for --shape 1,2,2,64,80,32,64 on cuda:0: expected d 64 or 128");
        assertThat(results).isEmpty();
    }
}
