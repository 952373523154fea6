package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.LizardBackward;
import dev.lizard.tensor.kernel.LizardForward;
import dev.lizard.tensor.kernel.LizardInputs;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The backward CUDA kernels against autograd of the composed operations in float64 on the CPU, same bfloat16 inputs. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class FusedSlopesTest {
    private static final Device CUDA = Device.cuda(0);
    /** Products in bfloat16, of features and values that are rounded to it. */
    private static final double LIMIT = 0.007;
    /**
     * Of queries and keys: where two scores of a row nearly tie, bfloat16 may give its maximum to the other key; of sink
     * and share: sums over all rows of terms of both signs.
     */
    private static final double LOOSE = 0.03;

    private final RandomStream random = new RandomStream(Long.getLong("lizard.test.seed", 20_260_101L));

    private Tensor rounded(double deviation, long... shape) {
        return Fixtures.normal(random, deviation, shape).to(DType.BFLOAT16);
    }

    /** q, k, v, log-gates, sink, share, both maps: in the order of the gradients. */
    private List<Tensor> inputs(HeadDims dims, long batch, long tokens, int half) {
        int heads = dims.heads();
        int width = dims.headWidth();
        return List.of(
                rounded(1, batch, heads, tokens, width),
                rounded(1, batch, dims.keyHeads(), tokens, width),
                rounded(1, batch, dims.keyHeads(), tokens, width),
                Fixtures.normal(random, 1, batch, heads, tokens)
                        .to(DType.FLOAT32)
                        .add(3)
                        .logSigmoid(),
                Fixtures.normal(random, 1, heads).to(DType.FLOAT32),
                Fixtures.normal(random, 0.3, heads).to(DType.FLOAT32).exp(),
                rounded(1.5 / Math.sqrt(width), heads, width, half),
                rounded(1.5 / Math.sqrt(width), heads, width, half));
    }

    private static List<Tensor> leaves(List<Tensor> inputs) {
        List<Tensor> leaves = new ArrayList<>();
        for (Tensor x : inputs) {
            leaves.add(x.to(DType.FLOAT64).copy().detach().requiresGrad(true));
        }
        return leaves;
    }

    private static Tensor composed(List<Tensor> in, HeadDims dims, Rotary rotary, int window) {
        Tensor q = in.get(0);
        Tensor k = in.get(1);
        Tensor v = in.get(2);
        PartialAttention near =
                WindowSoftmax.parallel(turned(rotary, q), turned(rotary, k), v, window, 0, in.get(4), null);
        long written = Math.max(0, q.size(2) - window);
        PartialAttention far = new LinearBranch(dims, in.get(6), Hedgehog.grouped(in.get(7), dims.group()))
                .parallel(q, k.narrow(2, 0, written), v.narrow(2, 0, written), in.get(3), null);
        return far.plus(near.times(in.get(5).view(1, dims.heads(), 1, 1))).divided();
    }

    private static Tensor turned(Rotary rotary, Tensor x) {
        return rotary.turned(x, rotary.waves(0, x.size(2), x.dtype(), x.device()), false);
    }

    private static double ratio(Tensor actual, Tensor expected) {
        assertThat(actual.shape()).containsExactly(expected.shape());
        Tensor difference = actual.to(Device.CPU).to(DType.FLOAT64).sub(expected);
        return Math.sqrt(difference.mul(difference).sum().item()
                / expected.mul(expected).sum().item());
    }

    /** Each document by itself. */
    private static Tensor composed(List<Tensor> in, HeadDims dims, Rotary rotary, int window, int... documents) {
        List<Tensor> y = new ArrayList<>();
        long from = 0;
        for (int length : documents) {
            List<Tensor> of = new ArrayList<>(in);
            for (int i = 0; i < 4; i++) { // all but what belongs to a head
                of.set(i, in.get(i).narrow(2, from, length));
            }
            y.add(composed(of, dims, rotary, window));
            from += length;
        }
        return Tensors.cat(y, 2);
    }

    /** Numbers of the tokens' documents, [B, T]. */
    private static Tensor numbers(int batch, int... documents) {
        List<Tensor> parts = new ArrayList<>();
        for (int i = 0; i < documents.length; i++) {
            parts.add(Tensors.full(i, DType.INT32, CUDA, batch, documents[i]));
        }
        return Tensors.cat(parts, 1);
    }

    private void agrees(HeadDims dims, int half, int window, int... documents) {
        long tokens = IntStream.of(documents).sum();
        try (Scope work = Scope.open();
                Rotary rotary = Rotary.plain(10_000, dims.headWidth());
                Rotary cardRotary = Rotary.plain(10_000, dims.headWidth())) {
            List<Tensor> inputs = inputs(dims, 2, tokens, half);
            Tensor dy = rounded(1, 2, dims.heads(), tokens, dims.headWidth());
            List<Tensor> leaves = leaves(inputs);
            try (Gradients on = Gradients.on()) {
                composed(leaves, dims, rotary, window, documents).backward(dy.to(DType.FLOAT64));
            }
            List<Tensor> slopes = onCard(inputs, dy, cardRotary, window, documents);
            assertThat(work).isNotNull();
            String[] names = {"q", "k", "v", "gate", "sink", "share", "query map", "key map"};
            for (int i = 0; i < names.length; i++) {
                Tensor expected = leaves.get(i).grad();
                assertThat(expected).isNotNull();
                double error = ratio(slopes.get(i), expected);
                System.out.printf("gradient of %s: ||x - reference|| / ||reference|| = %.5f%n", names[i], error);
                boolean loose = List.of("q", "k", "sink", "share").contains(names[i]);
                assertThat(error).as(names[i]).isLessThan(loose ? LOOSE : LIMIT);
            }
        }
    }

    private static List<Tensor> onCard(List<Tensor> inputs, Tensor dy, Rotary rotary, int window, int... documents) {
        try (Gradients off = Gradients.off()) {
            List<Tensor> card = new ArrayList<>();
            inputs.forEach(x -> card.add(x.to(CUDA)));
            Rotary.Waves angles = rotary.waves(0, card.get(0).size(2), DType.FLOAT32, CUDA);
            LizardInputs in = new LizardInputs(
                    card.get(0),
                    card.get(1),
                    card.get(2),
                    angles.cos(),
                    angles.sin(),
                    card.get(3),
                    card.get(4),
                    card.get(5),
                    card.get(6),
                    card.get(7),
                    window,
                    LizardInputs.Join.JOINT,
                    null,
                    documents.length == 1 ? null : numbers((int) dy.size(0), documents));
            LizardForward.Result result = LizardForward.run(in, true, false);
            LizardForward.Saved saved = result.saved();
            assertThat(saved).isNotNull();
            Tensor cardDy = dy.to(CUDA);
            LizardBackward.Slopes first = LizardBackward.run(in, result.y(), saved, cardDy);
            LizardBackward.Slopes again = LizardBackward.run(in, result.y(), saved, cardDy);
            assertThat(first.k().sub(again.k()).abs().amax().item()).isZero(); // no order of blocks to depend on
            return first.all();
        }
    }

    @Test
    void groupedHeadsOfSmolLm() {
        agrees(new HeadDims(96, 9, 3, 64), 64, 128, 500);
    }

    @Test
    void wideHeads() {
        agrees(new HeadDims(96, 4, 4, 128), 64, 64, 400);
    }

    @Test
    void otherSizes() {
        agrees(new HeadDims(96, 2, 1, 64), 32, 80, 333);
    }

    @Test
    void packedDocuments() {
        agrees(new HeadDims(96, 2, 1, 64), 64, 64, 150, 30, 220);
    }

    @Test
    void packedDocumentsOfWideHeads() {
        agrees(new HeadDims(96, 2, 2, 128), 64, 80, 17, 300);
    }
}
