package dev.lizard.mixer;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * LoLCATs as data; the mathematics is in {@link Lolcats}.
 *
 * @param window w, tokens the sliding window sees, the query's own included
 * @param features width of one half of the feature map
 * @param branches both, or one of them alone, for ablations
 */
public record LolcatsSpec(int window, int features, LizardSpec.Branches branches) implements MixerSpec {
    static final String QUERY_MAP = "query_map";
    static final String KEY_MAP = "key_map";
    static final String WINDOW_LOGIT = "window_logit";

    /** logit(0.1): the published initial window factor. */
    private static final float INITIAL_LOGIT = -2.1972246f;

    public LolcatsSpec {
        if (window < 1 || features < 1) {
            throw new IllegalArgumentException(
                    "window and features must be at least 1, found %d and %d".formatted(window, features));
        }
    }

    public LolcatsSpec with(LizardSpec.Branches only) {
        return new LolcatsSpec(window, features, only);
    }

    @Override
    public String mixer() {
        return "lolcats";
    }

    @Override
    public Map<String, long[]> shapes(HeadDims dims) {
        long[] map = {dims.heads(), dims.headWidth(), features};
        return Map.of(QUERY_MAP, map, KEY_MAP, map, WINDOW_LOGIT, new long[] {dims.heads()});
    }

    @Override
    public List<Parameter> initial(HeadDims dims, RandomStream random) {
        float[] logits = new float[dims.heads()];
        Arrays.fill(logits, INITIAL_LOGIT);
        return List.of(
                new Parameter(QUERY_MAP, Hedgehog.identity(dims, features, 1), "maps"),
                new Parameter(KEY_MAP, Hedgehog.identity(dims, features, 1), "maps"),
                new Parameter(WINDOW_LOGIT, Tensors.of(logits, dims.heads()), "mix"));
    }

    @Override
    public Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        return new Lolcats(this, dims, parameters);
    }
}
