package dev.lizard.mixer;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The Lizard mixer as data; the mathematics is in {@link Lizard}.
 *
 * @param variant how the two branches are joined
 * @param window w, tokens the window sees, the query's own included
 * @param features width of one half of the feature map; f is twice that
 * @param meta m, sink logits (a head, or a layer in the literal variant); 0 for none
 * @param shortestHalfLife tokens after which the quickest head has forgotten half, at initialisation
 * @param longestHalfLife the same for the slowest head; the others lie between, evenly in the logarithm
 * @param branches both, or one of them alone, for ablations
 */
public record LizardSpec(
        Variant variant,
        int window,
        int features,
        int meta,
        double shortestHalfLife,
        double longestHalfLife,
        Branches branches)
        implements MixerSpec {
    /** How the branches are joined, and what else differs with it. */
    public enum Variant {
        /** One normaliser over both; the linear branch holds the tokens before the window. The default. */
        JOINT("lizard"),
        /** Convex sum of the two normalised branches; the linear branch holds all tokens. */
        SUM("lizard-sum"),
        /** The paper's printed form: Y = Y_gate + α Y_anchor, no RoPE, one gate, α and set of sinks a layer. */
        LITERAL("lizard-literal");

        private final String mixer;

        Variant(String mixer) {
            this.mixer = mixer;
        }

        public String mixer() {
            return mixer;
        }
    }

    /** Which branches speak: ablations leave one out. */
    public enum Branches {
        BOTH,
        WINDOW,
        LINEAR
    }

    static final String QUERY_MAP = "query_map";
    static final String KEY_MAP = "key_map";
    static final String GATE_WEIGHT = "gate_weight";
    static final String GATE_BIAS = "gate_bias";
    static final String WINDOW_LOGIT = "window_logit";
    static final String MIX_LOGIT = "mix_logit";
    static final String ALPHA = "alpha";

    public LizardSpec {
        if (window < 1 || features < 1 || meta < 0) {
            throw new IllegalArgumentException(
                    "window and features must be at least 1 and meta at least 0, found %d, %d, %d"
                            .formatted(window, features, meta));
        }
        if (!(shortestHalfLife > 0) || !(longestHalfLife >= shortestHalfLife)) {
            throw new IllegalArgumentException("half-lives must be positive and in order, found %s and %s"
                    .formatted(shortestHalfLife, longestHalfLife));
        }
    }

    /** The default sizes for a variant: w 128, f = 2d, m 4, half-lives 32 to 2,048. */
    public static LizardSpec of(Variant variant, int headWidth) {
        return new LizardSpec(variant, 128, headWidth, 4, 32, 2048, Branches.BOTH);
    }

    public LizardSpec with(Branches only) {
        return new LizardSpec(variant, window, features, meta, shortestHalfLife, longestHalfLife, only);
    }

    @Override
    public String mixer() {
        return variant.mixer();
    }

    @Override
    public Map<String, long[]> shapes(HeadDims dims) {
        long rows = variant == Variant.LITERAL ? 1 : dims.heads();
        long[] map = {dims.heads(), dims.headWidth(), features};
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(QUERY_MAP, map);
        shapes.put(KEY_MAP, map);
        shapes.put(GATE_WEIGHT, new long[] {rows, dims.width()});
        if (variant != Variant.LITERAL) {
            shapes.put(GATE_BIAS, new long[] {rows});
        }
        if (meta > 0) {
            shapes.put(Sinks.NAME, new long[] {rows, meta});
        }
        switch (variant) {
            case JOINT -> shapes.put(WINDOW_LOGIT, new long[] {rows});
            case SUM -> shapes.put(MIX_LOGIT, new long[] {rows});
            case LITERAL -> shapes.put(ALPHA, new long[] {1});
        }
        return shapes;
    }

    @Override
    public List<Parameter> initial(HeadDims dims, RandomStream random) {
        boolean shared = variant == Variant.LITERAL;
        int rows = shared ? 1 : dims.heads();
        List<Parameter> parameters = new ArrayList<>();
        parameters.add(new Parameter(QUERY_MAP, Hedgehog.identity(dims, features, 1), "maps"));
        parameters.add(new Parameter(KEY_MAP, Hedgehog.identity(dims, features, 1), "maps"));
        parameters.add(
                new Parameter(GATE_WEIGHT, Tensors.of(new float[rows * dims.width()], rows, dims.width()), "gate"));
        if (!shared) {
            parameters.add(new Parameter(GATE_BIAS, halfLives(dims.heads()), "gate"));
        }
        if (meta > 0) {
            parameters.add(new Parameter(Sinks.NAME, Sinks.initial(rows, meta, random), "mix"));
        }
        switch (variant) {
            case JOINT -> parameters.add(new Parameter(WINDOW_LOGIT, constant(dims.heads(), 0), "mix"));
            case SUM -> parameters.add(new Parameter(MIX_LOGIT, constant(dims.heads(), -2.2f), "mix"));
            case LITERAL -> parameters.add(new Parameter(ALPHA, constant(1, 1), "mix"));
        }
        return parameters;
    }

    /** Gate biases b with σ(b)^halfLife = 1/2. */
    private Tensor halfLives(int heads) {
        float[] bias = new float[heads];
        for (int h = 0; h < heads; h++) {
            double place = heads == 1 ? 0.5 : (double) h / (heads - 1);
            double halfLife = shortestHalfLife * Math.pow(longestHalfLife / shortestHalfLife, place);
            double gate = Math.pow(0.5, 1 / halfLife);
            bias[h] = (float) Math.log(gate / (1 - gate));
        }
        return Tensors.of(bias, heads);
    }

    private static Tensor constant(int count, float value) {
        float[] values = new float[count];
        java.util.Arrays.fill(values, value);
        return Tensors.of(values, count);
    }

    @Override
    public Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        return new Lizard(this, dims, parameters);
    }
}
