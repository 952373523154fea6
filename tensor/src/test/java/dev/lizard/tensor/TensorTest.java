package dev.lizard.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class TensorTest {
    @Test
    void shapesDataAndViewsRoundTrip() {
        Tensor x = Tensors.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        assertThat(x.shape()).containsExactly(2, 3);
        assertThat(x.transpose(0, 1).floats()).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(x.select(0, 1).floats()).containsExactly(4, 5, 6);
        assertThat(x.to(DType.BFLOAT16).dtype()).isEqualTo(DType.BFLOAT16);
        assertThat(x.to(DType.INT64).longs()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(x.bytes()).isEqualTo(24);
        assertThat(x.device()).isEqualTo(Device.CPU);
        assertThat(Tensors.cat(1, x, x).shape()).containsExactly(2, 6);
        assertThat(x.repeatInterleave(2, 0).floats()).containsExactly(1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6);
        assertThat(x.pad(0, 1, 0).floats()).containsExactly(0, 1, 2, 3, 0, 4, 5, 6);
        assertThat(x.topK(2, -1).indices().longs()).containsExactly(2, 1, 2, 1);
        assertThat(x.sum(1, false).floats()).containsExactly(6, 15);
        assertThat(x.allFinite()).isTrue();
        assertThat(x.log().mul(Double.POSITIVE_INFINITY).allFinite()).isFalse();
    }

    @Test
    void gradientsOfAFormulaAreExact() {
        Tensor x = Tensors.of(new double[] {0.5, -1, 2}, 3).requiresGrad(true);
        x.sigmoid().mul(x).sum().backward();
        Tensor grad = x.grad();
        assertThat(grad).isNotNull();
        double[] values = {0.5, -1, 2};
        for (int i = 0; i < 3; i++) {
            double s = 1 / (1 + Math.exp(-values[i]));
            assertThat(grad.doubles()[i])
                    .isCloseTo(s + values[i] * s * (1 - s), org.assertj.core.data.Offset.offset(1e-12));
        }
    }

    @Test
    void aSegmentCutFromTheGraphReceivesItsGradientByInjection() {
        Tensor x = Tensors.of(new double[] {1, 2}, 2).requiresGrad(true);
        Tensor middle = x.square();
        Tensor cut = middle.detach().requiresGrad(true);
        cut.mul(3).sum().backward();
        assertThat(x.grad()).isNull();
        middle.backward(cut.grad());
        assertThat(x.grad().doubles()).containsExactly(6, 12);
    }

    @Test
    void scopesOwnPromoteAndAdopt() {
        long before = Scope.liveTensors();
        Tensor kept;
        try (Scope inner = Scope.open()) {
            kept = inner.promote(Tensors.ones(DType.FLOAT32, Device.CPU, 4).add(1));
            assertThat(Scope.liveTensors()).isEqualTo(before + 2);
        }
        assertThat(Scope.liveTensors()).isEqualTo(before + 1);
        assertThat(kept.floats()).containsOnly(2f);
        try (Scope owner = Scope.owner()) {
            owner.adopt(kept);
            assertThat(owner.size()).isEqualTo(1);
        }
        assertThatThrownBy(kept::floats).isInstanceOf(IllegalStateException.class);
        assertThat(Scope.liveTensors()).isEqualTo(before);
        kept.close();
        assertThat(Scope.liveTensors()).isEqualTo(before);
    }

    @Test
    void scopesCloseInnermostFirst() {
        Scope outer = Scope.open();
        Scope inner = Scope.open();
        assertThatThrownBy(outer::close).isInstanceOf(IllegalStateException.class);
        inner.close();
        outer.close();
    }

    @Test
    void attentionOfTheEngineEqualsItsFormula() {
        RandomStream random = new RandomStream(3);
        Tensor q = Tensors.of(random.normal(2 * 4 * 5 * 8, 1), 2, 4, 5, 8);
        Tensor k = Tensors.of(random.normal(2 * 2 * 5 * 8, 1), 2, 2, 5, 8);
        Tensor v = Tensors.of(random.normal(2 * 2 * 5 * 8, 1), 2, 2, 5, 8);
        Tensor scores = q.matmul(k.repeatInterleave(2, 1).transpose(-1, -2)).mul(1 / Math.sqrt(8));
        Tensor mask = Tensors.ones(DType.FLOAT32, Device.CPU, 5, 5).triu(1).ge(0.5);
        Tensor y = scores.maskedFill(mask, Double.NEGATIVE_INFINITY).softmax(-1).matmul(v.repeatInterleave(2, 1));
        Tensor difference = y.sub(q.scaledDotProductAttention(k, v, true)).abs().amax();
        Tensor seen = q.scaledDotProductAttention(k, v, mask.eq(0));
        assertThat(difference.item()).isLessThan(1e-6);
        assertThat(y.sub(seen).abs().amax().item()).isLessThan(1e-6);
    }

    @Test
    void randomStreamsResumeAndAreIndependentByName() {
        RandomStream a = RandomStream.named(7, "data");
        a.nextGaussian();
        RandomStream b = RandomStream.resume(a.state());
        assertThat(b.nextLong()).isEqualTo(a.nextLong());
        assertThat(RandomStream.named(7, "init").nextLong())
                .isNotEqualTo(RandomStream.named(7, "data").nextLong());
        float[] normal = new RandomStream(1).normal(20_000, 2);
        double mean = 0;
        double square = 0;
        for (float x : normal) {
            mean += x / normal.length;
            square += (double) x * x / normal.length;
        }
        assertThat(mean).isBetween(-0.05, 0.05);
        assertThat(Math.sqrt(square)).isBetween(1.95, 2.05);
        for (int i = 0; i < 1000; i++) {
            assertThat(a.nextInt(7)).isBetween(0, 6);
        }
    }

    @Test
    void aThousandStepsLeaveNoTensorBehind() {
        Tensor w = Tensors.of(new RandomStream(5).normal(64, 1), 8, 8);
        try (ParameterBuffer buffer = new ParameterBuffer(
                        List.of(new ParameterBuffer.Entry("w", w, "all")),
                        List.of(new ParameterBuffer.Group("all", 1, 0)),
                        Device.CPU);
                AdamW adam = new AdamW(buffer, new AdamW.Settings(0.9, 0.99, 1e-8))) {
            long live = -1;
            double first = 0;
            double last = 0;
            for (int i = 0; i < 1000; i++) {
                try (Scope step = Scope.open()) {
                    buffer.zeroGradients();
                    Tensor loss = buffer.parameters().get("w").sub(1).square().mean();
                    loss.backward();
                    buffer.clipGradients(1.0);
                    adam.step(1e-2);
                    last = loss.item();
                }
                if (i == 0) {
                    live = Scope.liveTensors();
                    first = last;
                }
                assertThat(Scope.liveTensors()).isEqualTo(live);
            }
            assertThat(last).isLessThan(first * 1e-3);
        }
    }

    @Test
    void crossEntropyIsTheMeanOfItsRowsThatCount() {
        Tensor logits = Tensors.of(new RandomStream(4).normal(12, 1), 3, 4);
        Tensor targets = Tensors.of(new long[] {2, -100, 0}, 3);
        Tensor rows = logits.crossEntropyRows(targets);
        Tensor logs = logits.logSoftmax(-1);
        assertThat(rows.floats()[0]).isEqualTo(-logs.floats()[2]);
        assertThat(rows.floats()[1]).isZero();
        assertThat(rows.sum().div(2).item())
                .isCloseTo(logits.crossEntropy(targets).item(), org.assertj.core.data.Offset.offset(1e-6));
    }

    @Test
    void oneRowGivesWhatManyRowsGive() {
        RandomStream random = new RandomStream(4);
        for (DType dtype : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16}) {
            Tensor x = Tensors.of(random.normal(3 * 40, 1), 3, 40).to(dtype);
            Tensor weight = Tensors.of(random.normal(70 * 40, 1), 70, 40).to(dtype);
            for (Tensor bias :
                    new Tensor[] {null, Tensors.of(random.normal(70, 1), 70).to(dtype)}) {
                try (Gradients off = Gradients.off()) {
                    Tensor rows = x.linear(weight, bias); // [3, 70]
                    Tensor row = x.narrow(0, 1, 1).unsqueeze(0).linear(weight, bias); // [1, 1, 70]
                    assertThat(row.shape()).containsExactly(1, 1, 70);
                    Tensor strided = x.transpose(0, 1).contiguous().select(1, 1).linear(weight, bias); // [70]
                    assertThat(strided.shape()).containsExactly(70);
                    double tolerance = dtype == DType.BFLOAT16 ? 0.1 : 1e-5;
                    assertThat(row.sub(rows.select(0, 1)).abs().amax().item()).isLessThan(tolerance);
                    assertThat(strided.sub(rows.select(0, 1)).abs().amax().item())
                            .isLessThan(tolerance);
                }
            }
        }
    }

    @Test
    void gradientsFlowThroughOneRow() {
        Tensor x = Tensors.of(new float[] {1, 2}, 1, 2).requiresGrad(true);
        Tensor weight = Tensors.of(new float[] {3, 4, 5, 6}, 2, 2).requiresGrad(true);
        x.linear(weight, null).sum().backward();
        assertThat(x.grad().floats()).containsExactly(8, 10);
        assertThat(weight.grad().floats()).containsExactly(1, 2, 1, 2);
    }
}
