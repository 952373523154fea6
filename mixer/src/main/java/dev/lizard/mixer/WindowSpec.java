package dev.lizard.mixer;

import dev.lizard.base.Setting;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Softmax attention over a sliding window: Mistral's attention, and the rival of equal bytes to any hybrid. With first
 * tokens kept it is StreamingLLM's (Xiao et al. 2023, arXiv 2309.17453).
 *
 * @param window w, tokens seen, the query's own included
 * @param first tokens from the beginning that are always seen
 * @param meta m, sink logits a head; 0 for none
 * @param limit the farthest that first tokens are read at, 0 for where they are
 */
public record WindowSpec(int window, int first, int meta, int limit) implements MixerSpec {
    /** The largest window that a config or recipe may ask for: keys and values of all its tokens are kept. */
    public static final int LARGEST = 1 << 20;

    static final double MOST_WINDOW = LARGEST;
    static final double MOST_FIRST = 1 << 16;
    static final double MOST_META = 1 << 10;

    static final MixerKind<Keys> KIND = new MixerKind<>(
            "window",
            Keys.class,
            Keys::spec,
            new MixerKind.About("softmax over a sliding window", "2*G*d*(w + m)", "StreamingLLM, arXiv 2309.17453"));

    record Keys(
            @Setting(byDefault = "128", min = 1, max = MOST_WINDOW)
            int window,

            @Setting(byDefault = "0", min = 0, max = MOST_META)
            int meta,

            @Setting(byDefault = "0", min = 0, max = MOST_FIRST)
            int first,

            @Setting(byDefault = "0", min = 0, max = MOST_WINDOW)
            int distanceLimit) {
        Keys {
            LizardKeys.requireFarEnough(distanceLimit, window, first, 0);
        }

        MixerSpec spec(HeadDims dims) {
            return new WindowSpec(window, first, meta, distanceLimit);
        }
    }

    public WindowSpec {
        if (window < 1 || first < 0 || meta < 0 || limit < 0) {
            throw new IllegalArgumentException(
                    "window must be at least 1, first, meta and limit at least 0, found %d, %d, %d and %d"
                            .formatted(window, first, meta, limit));
        }
    }

    /** With first tokens where they are. */
    public WindowSpec(int window, int first, int meta) {
        this(window, first, meta, 0);
    }

    /** Without first tokens. */
    public WindowSpec(int window, int meta) {
        this(window, 0, meta);
    }

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public Map<String, Object> keys() {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("window", window);
        keys.put("meta", meta);
        if (first > 0) {
            keys.put("first", first);
        }
        exact().write(keys);
        return keys;
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
        Map<String, Tensor> own = meta == 0 ? Map.of() : Map.of(Sinks.NAME, MixerSpec.need(parameters, Sinks.NAME));
        KeyRing ring = new KeyRing(window, first);
        return new Hybrid(
                this,
                Hybrid.Plan.of(ring, exact().orNone(ring)),
                dims,
                own,
                (given, dtype) -> new HybridWeights(null, null, null, Sinks.of(given, dims, dtype), null));
    }

    private SlotSpec exact() {
        return SlotSpec.limited(limit);
    }

    @Override
    public long stateNumbers(HeadDims dims, long tokens) {
        return MixerSizes.pairs(dims, (long) window + first);
    }

    @Override
    public long fills() {
        return (long) window + first;
    }

    @Override
    public boolean separates() {
        return first == 0;
    }

    @Override
    public double flops(HeadDims dims, long length) {
        return MixerSizes.windowFlops(dims, window);
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return MixerSizes.windowGraph(dims, window, length);
    }
}
