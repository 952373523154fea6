package dev.lizard.eval.inside;

import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.metric.Ratio;
import dev.lizard.eval.result.StructureFit;
import dev.lizard.mixer.Form;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * How well each {@link Structure} can be the attention of a model (MOHAWK, arXiv 2408.10189, asks it of state spaces):
 * matrices of all layers and heads on a text are fitted one by one, by gradient descent on ||T − A||² / ||A||², the same
 * number of steps for all.
 *
 * @param widths of states
 * @param steps of AdamW, whose rate falls to zero
 */
public record StructureFits(List<Integer> widths, int steps, long seed) {
    private static final double RATE = 0.05;

    /** How many fits there are. */
    public int count() {
        return widths.size() * Structure.values().length;
    }

    /** Of what the model's mixers do with each window of the text, telling each fit as it is found. */
    public void measure(Decoder model, String name, EvalText text, Consumer<StructureFit> found) {
        try (Scope work = Scope.open()) {
            Tensor matrices = attention(model, text); // [S, T, T]
            for (Structure structure : Structure.values()) {
                for (int width : widths) {
                    double[] errors = errors(structure, width, matrices);
                    Ratio mean = Ratio.ofMean(errors);
                    found.accept(new StructureFit(
                            name, structure.label(), width, mean.value(), mean.stderr(), errors.length, (int)
                                    matrices.size(1)));
                }
            }
        }
    }

    private static Tensor attention(Decoder model, EvalText text) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            List<Tensor> matrices = new ArrayList<>();
            for (int window = 0; window < text.windows().size(); window++) {
                Tensor ids = text.inputs(window, 1, model.device());
                model.hidden(ids, Form.CHUNK, (layer, in, heads) -> {
                    try (Scope one = Scope.open()) {
                        Tensor matrix = model.mixer(layer).materialize(in).select(0, 0); // [H, T, T]
                        matrices.add(work.adopt(matrix.to(DType.FLOAT32).copy()));
                    }
                });
            }
            return work.promote(Tensors.cat(matrices, 0));
        }
    }

    /** ||T − A|| / ||A|| of each matrix once it is fitted. */
    double[] errors(Structure structure, int width, Tensor matrices) {
        int count = Math.toIntExact(matrices.size(0));
        int tokens = Math.toIntExact(matrices.size(1));
        RandomStream random = RandomStream.named(seed, "structures/" + width);
        try (Scope work = Scope.open()) {
            Tensor sizes = matrices.square().sum(-1, false).sum(-1, false); // [S]
            List<ParameterBuffer.Entry> entries = new ArrayList<>();
            structure
                    .initial(count, tokens, width, random)
                    .forEach((name, initial) -> entries.add(new ParameterBuffer.Entry(name, initial, "all")));
            try (ParameterBuffer buffer = new ParameterBuffer(
                            entries, List.of(new ParameterBuffer.Group("all", 1, 0)), matrices.device());
                    AdamW optimizer = new AdamW(buffer, new AdamW.Settings(0.9, 0.99, 1e-8))) {
                for (int step = 0; step < steps; step++) {
                    try (Scope one = Scope.open();
                            Gradients on = Gradients.on()) {
                        buffer.zeroGradients();
                        relative(structure, buffer, matrices, sizes).sum().backward();
                        optimizer.step(RATE * (1 - (double) step / steps));
                    }
                }
                try (Gradients off = Gradients.off()) {
                    return relative(structure, buffer, matrices, sizes).sqrt().doubles();
                }
            }
        }
    }

    /** Squared errors over squared sizes [S]. */
    private static Tensor relative(Structure structure, ParameterBuffer buffer, Tensor matrices, Tensor sizes) {
        return structure
                .matrices(buffer.parameters(), Math.toIntExact(matrices.size(1)))
                .sub(matrices)
                .square()
                .sum(-1, false)
                .sum(-1, false)
                .div(sizes);
    }
}
