package dev.lizard.eval.inside;

import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.metric.Ratio;
import dev.lizard.eval.result.PartShare;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerInput;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What each {@linkplain Mixer#parts part} of a model's mixers gives, on text that the model reads itself:
 *
 * <pre>
 *   output_p = Σ y_p·y / Σ y·y        y = Σ_p y_p, over the tokens and heads of a layer
 *   weight_p = mean of w_p / Σ_q w_q   w_p: what p gives of values that are all 1
 * </pre>
 */
final class PartShares {
    /** Sums of a part by window: y_p·y and shares of weight. */
    @SuppressWarnings("ArrayRecordComponent") // filled window by window, never compared
    private record Sums(double[] output, double[] weight) {}

    private final Decoder model;
    private final int windows;
    private final List<Map<String, Sums>> layers = new ArrayList<>();
    private final double[][] squares;

    private PartShares(Decoder model, int windows) {
        this.model = model;
        this.windows = windows;
        squares = new double[model.layers()][windows];
        for (int layer = 0; layer < model.layers(); layer++) {
            layers.add(new LinkedHashMap<>());
        }
    }

    /** A row for each part of each layer. */
    static List<PartShare> measure(Decoder model, String name, EvalText text) {
        PartShares shares = new PartShares(model, text.windows().size());
        for (int window = 0; window < shares.windows; window++) {
            int number = window;
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                Tensor ids = text.inputs(window, 1, model.device());
                model.hidden(ids, Form.CHUNK, (layer, in, heads) -> shares.add(layer, in, number));
            }
        }
        return shares.rows(name);
    }

    private void add(int layer, MixerInput in, int window) {
        try (Scope work = Scope.open()) {
            Mixer mixer = model.mixer(layer);
            Map<String, Tensor> parts = mixer.parts(in); // each [1, H, T, d]
            Tensor whole = MixerParts.sum(parts);
            squares[layer][window] = dot(whole, whole);
            Map<String, Tensor> weights = MixerParts.weights(mixer, in);
            Tensor all = MixerParts.sum(weights);
            parts.forEach((part, given) -> {
                Sums sums = layers.get(layer)
                        .computeIfAbsent(part, key -> new Sums(new double[windows], new double[windows]));
                sums.output[window] = dot(given, whole);
                sums.weight[window] =
                        MixerParts.wide(weights.get(part)).div(all).mean().item();
            });
        }
    }

    private static double dot(Tensor a, Tensor b) {
        return a.to(DType.FLOAT32).mul(b).sum().item();
    }

    private List<PartShare> rows(String name) {
        List<PartShare> rows = new ArrayList<>();
        for (int layer = 0; layer < layers.size(); layer++) {
            double[] whole = squares[layer];
            int number = layer;
            layers.get(layer).forEach((part, sums) -> {
                Ratio output = Ratio.of(sums.output, whole);
                Ratio weight = Ratio.ofMean(sums.weight);
                rows.add(new PartShare(
                        name, number, part, output.value(), output.stderr(), weight.value(), weight.stderr(), windows));
            });
        }
        return rows;
    }
}
