package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Selective copying by one layer: symbols stand among noise of random length, and at each token the symbol before the last
 * is asked. Who decays with symbols alone has it at one weight wherever it stands; a layer that is the same at all times
 * decays with noise too, and cannot tell one symbol long ago from two.
 */
@ExtendWith(LiveTensors.class)
class MambaSelectionTest {
    private static final int WIDTH = 32;
    private static final int SYMBOLS = 16;
    private static final int NOISE = SYMBOLS;
    private static final int TOKENS = 32;
    private static final int BATCH = 32;
    private static final long NONE = -100;
    private static final HeadDims DIMS = new HeadDims(WIDTH, 1, 1, WIDTH);

    /** Ids and what is asked of them [B T], none before two symbols. */
    private record Examples(Tensor ids, Tensor asked) {
        static Examples draw(RandomStream random) {
            long[] ids = new long[BATCH * TOKENS];
            long[] asked = new long[ids.length];
            for (int row = 0; row < BATCH; row++) {
                int[] order = new int[SYMBOLS];
                for (int i = 0; i < SYMBOLS; i++) { // none comes twice
                    int at = random.nextInt(i + 1);
                    order[i] = order[at];
                    order[at] = i;
                }
                int seen = 0;
                for (int t = 0; t < TOKENS; t++) {
                    boolean symbol = seen < SYMBOLS && random.nextInt(4) == 0;
                    ids[row * TOKENS + t] = symbol ? order[seen++] : NOISE;
                    asked[row * TOKENS + t] = seen < 2 ? NONE : order[seen - 2];
                }
            }
            return new Examples(Tensors.of(ids, ids.length), Tensors.of(asked, asked.length));
        }
    }

    private static double accuracy(boolean selective) {
        MambaSpec spec = new MambaSpec(16, selective, Near.NONE);
        RandomStream random = new RandomStream(7);
        try (Scope scope = Scope.open();
                Rotary rotary = Rotary.plain(10_000, WIDTH);
                Positions at = Positions.start(rotary);
                ParameterBuffer buffer = buffer(spec, random);
                AdamW adam = new AdamW(buffer, new AdamW.Settings(0.9, 0.99, 1e-8))) {
            int steps = 400;
            for (int step = 0; step < steps; step++) {
                buffer.zeroGradients();
                try (Scope work = Scope.open();
                        Tape tape = new Tape()) {
                    Examples drawn = Examples.draw(random);
                    logits(spec, buffer, drawn, at, tape)
                            .crossEntropy(drawn.asked())
                            .backward();
                    tape.unwind();
                }
                adam.step(1e-2 * Math.min(1, 1.5 * (1 - (double) step / steps)));
            }
            double right = 0;
            double asked = 0;
            RandomStream others = new RandomStream(8);
            try (Gradients off = Gradients.off()) {
                for (int i = 0; i < 20; i++) {
                    try (Scope work = Scope.open()) {
                        Examples drawn = Examples.draw(others);
                        Tensor said = logits(spec, buffer, drawn, at, Tape.OFF).argmax(-1);
                        right += said.eq(drawn.asked()).to(DType.FLOAT64).sum().item();
                        asked += drawn.asked().ge(0.0).to(DType.FLOAT64).sum().item();
                    }
                }
            }
            return right / asked;
        }
    }

    private static ParameterBuffer buffer(MambaSpec spec, RandomStream random) {
        List<ParameterBuffer.Entry> entries = new ArrayList<>();
        entries.add(entry("embedding", random, SYMBOLS + 1, WIDTH));
        entries.add(entry("values", random, WIDTH, WIDTH));
        entries.add(entry("out", random, SYMBOLS, WIDTH));
        spec.initial(DIMS, random).forEach(p -> entries.add(new ParameterBuffer.Entry(p.name(), p.initial(), "all")));
        return new ParameterBuffer(entries, List.of(new ParameterBuffer.Group("all", 1, 0)), Device.CPU);
    }

    private static ParameterBuffer.Entry entry(String name, RandomStream random, int rows, int columns) {
        float[] values = random.normal(rows * columns, 1 / Math.sqrt(columns));
        return new ParameterBuffer.Entry(name, Tensors.of(values, rows, columns), "all");
    }

    /** [B T, symbols]. */
    private static Tensor logits(MambaSpec spec, ParameterBuffer buffer, Examples drawn, Positions at, Tape tape) {
        Map<String, Tensor> all = buffer.parameters();
        Map<String, Tensor> own = new LinkedHashMap<>(all);
        own.keySet().retainAll(spec.shapes(DIMS).keySet());
        Tensor x = tape.cut(
                MixerSpec.need(all, "embedding").indexSelect(0, drawn.ids()).view(BATCH, TOKENS, WIDTH));
        Tensor v = x.linear(MixerSpec.need(all, "values"), null).unsqueeze(1);
        Tensor y = spec.create(DIMS, own).forward(new MixerInput(x, v, v, v, at), Form.CHUNK, tape);
        return y.reshape(BATCH * TOKENS, WIDTH).linear(MixerSpec.need(all, "out"), null);
    }

    @Test
    @Tag("slow")
    void selectionCopiesWhatATimeInvariantLayerCannot() {
        double selective = accuracy(true);
        double invariant = accuracy(false);
        assertThat(selective).isGreaterThan(0.99);
        assertThat(invariant).isLessThan(selective - 0.2);
    }
}
