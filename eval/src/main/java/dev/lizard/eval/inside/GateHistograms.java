package dev.lizard.eval.inside;

import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.result.GateHistogram;
import dev.lizard.mixer.Form;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Counts the gates of each layer by their half-lives ln 0.5 / log γ, on text that the model reads itself. */
final class GateHistograms {
    /** Half-lives from 1 to 65,536 tokens. */
    static final List<Double> EDGES =
            IntStream.rangeClosed(0, 16).mapToObj(i -> Math.pow(2, i)).toList();

    private GateHistograms() {}

    /** A histogram for each layer whose mixer has gates. */
    static List<GateHistogram> measure(Decoder model, String name, EvalText text) {
        long[][] counts = new long[model.layers()][EDGES.size() + 1];
        for (int window = 0; window < text.windows().size(); window++) {
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                model.hidden(text.inputs(window, 1, model.device()), Form.CHUNK, (layer, in, heads) -> {
                    model.mixer(layer).logGates(in).ifPresent(gates -> {
                        for (float gate : gates.to(DType.FLOAT32).floats()) {
                            counts[layer][bin(Math.log(0.5) / gate)]++;
                        }
                        gates.close();
                    });
                });
            }
        }
        List<GateHistogram> histograms = new ArrayList<>();
        for (int layer = 0; layer < counts.length; layer++) {
            List<Long> own = Arrays.stream(counts[layer]).boxed().toList();
            GateHistogram histogram = new GateHistogram(name, layer, EDGES, own);
            if (histogram.total() > 0) {
                histograms.add(histogram);
            }
        }
        return histograms;
    }

    /** The number of edges at most as large; a gate of 1 never halves anything. */
    static int bin(double halfLife) {
        int bin = 0;
        while (bin < EDGES.size() && !(Math.abs(halfLife) < EDGES.get(bin))) {
            bin++;
        }
        return bin;
    }
}
