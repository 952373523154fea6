package dev.lizard.eval.inside;

import dev.lizard.eval.result.AttentionMap;
import dev.lizard.eval.result.Attribution;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.MixerInput;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The matrices by which a model mixes a short text: softmax weights of a Transformer, and what
 * {@link dev.lizard.mixer.Mixer#materialize} makes of any other mixer.
 *
 * @param map of one head
 * @param attribution of the prediction at the end of the text, over all layers and heads
 */
record MixingMatrices(AttentionMap map, Attribution attribution) {
    /** Digits that are kept of a weight. */
    private static final double DIGITS = 1e4;

    /** Whether heads of all its layers have one. */
    static boolean has(Decoder model) {
        return IntStream.range(0, model.layers())
                .allMatch(layer -> model.mixer(layer).spec().mixes());
    }

    /** Reads {@code ids}, T ≥ 1 of them, and looks at a layer and head that the model has. */
    static MixingMatrices of(Decoder model, String name, int[] ids, Tokenizer tokenizer, int layer, int head) {
        List<String> labels = labels(ids, tokenizer);
        Rollout rollout = new Rollout();
        List<List<Double>> weights = new ArrayList<>();
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor read = Tensors.of(ids, 1, ids.length).to(model.device());
            Tensor hidden = model.hidden(read, Form.CHUNK, (number, in, heads) -> {
                Tensor matrix = matrix(model, number, in); // [H, T, T]
                rollout.add(rows(matrix.abs().mean(0, false)));
                if (number == layer) {
                    weights.addAll(triangle(rows(matrix.select(0, head))));
                }
            });
            Tensor logits = model.logits(hidden.select(1, ids.length - 1L)); // [1, V]
            Tensor likely = logits.to(DType.FLOAT32).softmax(-1);
            int next = Math.toIntExact(likely.argmax(-1).longs()[0]);
            List<Double> shares = new ArrayList<>();
            for (double share : rollout.last()) {
                shares.add(share);
            }
            String predicted = labels(new int[] {next}, tokenizer).getFirst();
            double probability = likely.amax().item();
            return new MixingMatrices(
                    new AttentionMap(name, layer, head, labels, weights),
                    new Attribution(name, labels, shares, predicted, probability));
        }
    }

    private static Tensor matrix(Decoder model, int layer, MixerInput in) {
        return model.mixer(layer).materialize(in).select(0, 0).to(DType.FLOAT32);
    }

    private static double[][] rows(Tensor matrix) {
        int tokens = Math.toIntExact(matrix.size(0));
        float[] flat = matrix.contiguous().floats();
        double[][] rows = new double[tokens][tokens];
        for (int i = 0; i < flat.length; i++) {
            rows[i / tokens][i % tokens] = flat[i];
        }
        return rows;
    }

    private static List<List<Double>> triangle(double[][] matrix) {
        List<List<Double>> rows = new ArrayList<>();
        for (int t = 0; t < matrix.length; t++) {
            List<Double> row = new ArrayList<>();
            for (int s = 0; s <= t; s++) {
                row.add(Math.round(DIGITS * matrix[t][s]) / DIGITS);
            }
            rows.add(row);
        }
        return rows;
    }

    /** What tokens spell, one by one, with white space that can be seen. */
    private static List<String> labels(int[] ids, Tokenizer tokenizer) {
        List<String> labels = new ArrayList<>();
        for (int id : ids) {
            String text = tokenizer.streamDecoder(false, true).append(id);
            String seen = text.isEmpty() ? tokenizer.piece(id) : text;
            labels.add(seen.replace('\n', '\u21b5').replace('\t', '\u21e5').replace(' ', '\u00b7'));
        }
        return labels;
    }
}
