package dev.lizard.mixer;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Softmax attention over a sliding window: Mistral's attention, and the rival of equal bytes to any hybrid.
 *
 * @param window w, tokens seen, the query's own included
 * @param meta m, sink logits a head; 0 for none
 */
public record WindowSpec(int window, int meta) implements MixerSpec {
    /** The largest window that a config or recipe may ask for: keys and values of all its tokens are kept. */
    public static final int LARGEST = 1 << 20;

    public WindowSpec {
        if (window < 1 || meta < 0) {
            throw new IllegalArgumentException(
                    "window must be at least 1 and meta at least 0, found %d and %d".formatted(window, meta));
        }
    }

    @Override
    public String mixer() {
        return "window";
    }

    @Override
    public Map<String, long[]> shapes(HeadDims dims) {
        return meta == 0 ? Map.of() : Map.of(Sinks.NAME, new long[] {dims.heads(), meta});
    }

    @Override
    public List<Parameter> initial(HeadDims dims, RandomStream random) {
        return meta == 0
                ? List.of()
                : List.of(new Parameter(Sinks.NAME, Sinks.initial(dims.heads(), meta, random), "mix"));
    }

    @Override
    public Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        return new Window(
                this, dims, meta == 0 ? Map.of() : Map.of(Sinks.NAME, MixerSpec.need(parameters, Sinks.NAME)));
    }
}
