package dev.lizard.mixer;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * LoLCATs (Zhang et al. 2024, arXiv 2410.10254), the control of every Lizard run: the same window and feature maps, no
 * gate, no sinks, and features taken after RoPE. With s_ij = q_i·k_j / √d of the rotated vectors:
 *
 * <pre>
 *   a_ij = g exp(s_ij − m_i)       for j in the window          g = σ(learned logit), one a head, 0.1 at first
 *   l_ij = φ_q(q_i)·φ_k(k_j)       for j before the window
 *   y_i  = (Σ a_ij v_j + Σ l_ij v_j) / (Σ a_ij + Σ l_ij)
 * </pre>
 *
 * <p>m_i is the maximum over the window and is part of the model, since the linear part is not shifted by it. The window
 * slides, or is {@link Terraced}, as the published default is.
 *
 * @param window w, tokens the sliding window sees, the query's own included
 * @param first tokens from the beginning that the window always sees, and the linear part never; none as published
 * @param features width of one half of the feature map
 * @param branches both, or one of them alone, for ablations
 * @param limit the farthest that first tokens are read at, 0 for where they are
 * @param kind how the window moves; without first tokens and limit where it is terraced
 */
public record LolcatsSpec(int window, int first, int features, LizardSpec.Branches branches, int limit, WindowKind kind)
        implements MixerSpec {
    /** How a window moves. */
    public enum WindowKind {
        /** With each token: the last w. */
        SLIDING,
        /** By whole blocks of w: a token's own up to itself, and the one before, so w + 1 to 2w once there are so many. */
        TERRACED
    }

    static final MixerKind<Keys> KIND = new MixerKind<>(
            "lolcats",
            Keys.class,
            Keys::spec,
            new MixerKind.About(
                    "window and feature maps under one normaliser",
                    "2*G*d*(w + m) + 2*H*f*(d + 1)",
                    "LoLCATs, arXiv 2410.10254"));

    record Keys(
            @Setting(byDefault = "128", min = 1, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(min = 1, max = LizardSpec.MOST_FEATURES) @Nullable
            Integer features,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") LizardSpec.Branches branches,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
            int distanceLimit,

            @Setting(byDefault = "sliding") WindowKind windowKind) {
        Keys {
            if (windowKind == WindowKind.TERRACED && first > 0) {
                throw new BadSetting("window_kind", "expected sliding beside first but found terraced; change one");
            }
            LizardKeys.requireFarEnough(distanceLimit, window, first, 0);
        }

        MixerSpec spec(HeadDims dims) {
            int half = features == null ? dims.headWidth() : features;
            return new LolcatsSpec(window, first, half, branches, distanceLimit, windowKind);
        }
    }

    static final String QUERY_MAP = "query_map";
    static final String KEY_MAP = "key_map";
    static final String WINDOW_LOGIT = "window_logit";

    /** logit(0.1): the published initial window factor. */
    private static final float INITIAL_LOGIT = -2.1972246f;

    public LolcatsSpec {
        if (window < 1 || features < 1 || first < 0 || limit < 0) {
            throw new IllegalArgumentException(
                    "window and features must be at least 1, first and limit at least 0, found %d, %d, %d and %d"
                            .formatted(window, features, first, limit));
        }
        if (kind == WindowKind.TERRACED && first + limit > 0) {
            throw new IllegalArgumentException("a terraced window with first tokens or a limit");
        }
    }

    /** With a window that slides. */
    public LolcatsSpec(int window, int first, int features, LizardSpec.Branches branches, int limit) {
        this(window, first, features, branches, limit, WindowKind.SLIDING);
    }

    /** As published. */
    public LolcatsSpec(int window, int features, LizardSpec.Branches branches) {
        this(window, 0, features, branches, 0);
    }

    @Override
    public Optional<MixerSpec> only(LizardSpec.Branches branch) {
        return Optional.of(new LolcatsSpec(window, first, features, branch, limit, kind));
    }

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public Map<String, Object> keys() {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("window", window);
        keys.put("features", features);
        if (first > 0) {
            keys.put("first", first);
        }
        branches.write(keys);
        SlotSpec.limited(limit).write(keys);
        if (terraced()) {
            keys.put("window_kind", kind.name().toLowerCase(Locale.ROOT));
        }
        return keys;
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
        shapes(dims).keySet().forEach(name -> MixerSpec.need(parameters, name));
        if (terraced()) {
            return new Terraced(this, dims, parameters);
        }
        KeyRing ring = new KeyRing(window, first);
        Hybrid.Plan plan = new Hybrid.Plan(
                ring,
                true,
                Hybrid.Far.EVICTED,
                true,
                features,
                Hybrid.Join.ONE_NORMALISER,
                branches,
                SlotSpec.limited(limit).orNone(ring));
        return new Hybrid(this, plan, dims, parameters, (given, dtype) -> weights(dims, given, dtype));
    }

    private boolean terraced() {
        return kind == WindowKind.TERRACED;
    }

    /** Most tokens that are held exactly. */
    private long held() {
        return terraced() ? 2L * window : (long) window + first;
    }

    static HybridWeights weights(HeadDims dims, Map<String, Tensor> parameters, DType dtype) {
        LinearBranch memory = LinearBranch.of(
                dims, MixerSpec.need(parameters, QUERY_MAP), MixerSpec.need(parameters, KEY_MAP), dtype);
        Tensor g = MixerSpec.need(parameters, WINDOW_LOGIT).to(dtype).sigmoid().view(1, dims.heads(), 1, 1);
        return new HybridWeights(memory, null, null, null, g);
    }

    @Override
    public long stateNumbers(HeadDims dims, long tokens) {
        return MixerSizes.pairs(dims, held()) + MixerSizes.memory(dims, features);
    }

    /** Where blocks begin decides what a call does, so with a terraced window it is never the same wherever it stands. */
    @Override
    public long fills() {
        return terraced() ? Long.MAX_VALUE : held();
    }

    @Override
    public boolean separates() {
        return first == 0 && !terraced();
    }

    @Override
    public double flops(HeadDims dims, long length) {
        double seen = terraced() ? 1.5 * window : window;
        return MixerSizes.windowFlops(dims, seen) + MixerSizes.memoryFlops(dims, features);
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return MixerSizes.hybridGraph(dims, held(), features, length);
    }
}
