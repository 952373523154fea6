package dev.lizard.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products of few rows against libtorch's in float64. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class SkinnyGemmTest {
    private static final Device CUDA = Device.cuda(0);
    private final RandomStream random = new RandomStream(4);

    private Tensor normal(double deviation, long... shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        return Tensors.of(random.normal((int) count, deviation), shape)
                .to(DType.BFLOAT16)
                .to(CUDA);
    }

    /** Widths: rows read where they lie, in one and two pieces a warp, and rows that go through shared memory: much
     * of it, or so much that only with the kernel's static memory it is more than every kernel may have. */
    @ParameterizedTest
    @CsvSource({
        "1, 576, 1536",
        "3, 576, 1536",
        "8, 576, 1536",
        "9, 576, 1536",
        "16, 576, 1536",
        "5, 192, 256",
        "7, 832, 2112",
        "16, 1600, 4416",
        "10, 2048, 512",
        "11, 2048, 512"
    })
    void productsNormsGatesAndResidualsAreThoseOfFloat64(int batch, int width, int inner) {
        try (Gradients off = Gradients.off()) {
            Tensor x = normal(1, batch, 1, width);
            Tensor norm = normal(1, width);
            Tensor q = normal(0.05, width, width);
            Tensor k = normal(0.05, 192, width);
            Tensor v = normal(0.05, 192, width);
            Tensor exact = wide(x).rmsNorm(wide(norm), 1e-5);
            SkinnyGemm.Normed projected = SkinnyGemm.project(x, norm, 1e-5, q, k, v);
            check("norm", projected.x(), exact);
            check("q", projected.products().get(0), exact.linear(wide(q), null));
            check("k", projected.products().get(1), exact.linear(wide(k), null));
            check("v", projected.products().get(2), exact.linear(wide(v), null));
            Tensor gate = normal(0.05, inner, width);
            Tensor up = normal(0.05, inner, width);
            Tensor gated = exact.linear(wide(gate), null).silu().mul(exact.linear(wide(up), null));
            check("gated", SkinnyGemm.gated(x, norm, 1e-5, gate, up), gated);
            Tensor down = normal(0.05, width, inner);
            Tensor hidden = normal(1, batch, 1, inner);
            check(
                    "added",
                    SkinnyGemm.added(hidden, down, x),
                    wide(hidden).linear(wide(down), null).add(wide(x)));
        }
    }

    private static Tensor wide(Tensor x) {
        return x.to(Device.CPU).to(DType.FLOAT64);
    }

    private static void check(String what, Tensor actual, Tensor expected) {
        Tensor difference = wide(actual).sub(expected);
        double error =
                difference.square().sum().item() / expected.square().sum().item();
        System.out.printf("%s: relative RMS %.2e%n", what, Math.sqrt(error));
        assertThat(Math.sqrt(error)).as(what).isLessThan(4e-3);
    }
}
