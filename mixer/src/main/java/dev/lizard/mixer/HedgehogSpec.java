package dev.lizard.mixer;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Linear attention over the maps of {@link Hedgehog} (Zhang et al. 2024, arXiv 2402.04347), which learn to give weights as
 * spiky as softmax's; no window, no gate. With q̃ and k̃ after RoPE:
 *
 * <pre>
 *   S_t = S_{t−1} + φ_k(k̃_t)ᵀ v_t      z_t = z_{t−1} + φ_k(k̃_t)      y_t = φ_q(q̃_t) S_t / φ_q(q̃_t)·z_t
 * </pre>
 *
 * <p><b>With first tokens</b> the first m and the query's own are exact and the memory holds the others, under one
 * normaliser, as in {@link LolcatsSpec} but with a window of one and g = exp(learned logit), 1 at first:
 *
 * <pre>
 *   y_t = (g Σ exp(s_tj − m_t) v_j + φ_q(q̃_t) S_t) / (g Σ exp(s_tj − m_t) + φ_q(q̃_t)·z_t)
 * </pre>
 *
 * <p><b>Deviations.</b> Maps have no bias, as in the public conversions. Maps are a head's own for queries and for keys,
 * and start as the identity. The activations relu and elu are not Hedgehog's: they are those it is measured against, with
 * the same maps and the same state, so that they alone differ.
 *
 * @param features width of one half of the feature map
 * @param activation that makes features positive
 * @param first m
 * @param branches both, or one of them alone, for ablations
 */
record HedgehogSpec(int features, Hedgehog.Activation activation, int first, LizardSpec.Branches branches)
        implements MixerSpec {
    static final MixerKind<Keys> KIND = new MixerKind<>(
            "hedgehog",
            Keys.class,
            Keys::spec,
            new MixerKind.About(
                    "linear attention over learned spiky maps",
                    "2*H*f*(d + 1) + 2*G*d*n",
                    "Hedgehog, arXiv 2402.04347"));

    record Keys(
            @Setting(min = 1, max = LizardSpec.MOST_FEATURES) @Nullable
            Integer features,

            @Setting(byDefault = "softmax") Hedgehog.Activation activation,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") LizardSpec.Branches branches) {
        Keys {
            if (first > 0 && activation != Hedgehog.Activation.SOFTMAX) {
                throw new BadSetting("activation", "expected softmax beside first but found another; change one");
            }
            if (first == 0 && branches != LizardSpec.Branches.BOTH) {
                throw new BadSetting("branches", "expected first above 0 beside it but found none; take it out");
            }
        }

        MixerSpec spec(HeadDims dims) {
            return new HedgehogSpec(features == null ? dims.headWidth() : features, activation, first, branches);
        }
    }

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public Map<String, Object> keys() {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("features", features);
        keys.put("activation", activation.name().toLowerCase(Locale.ROOT));
        if (first > 0) {
            keys.put("first", first);
        }
        branches.write(keys);
        return keys;
    }

    @Override
    public Optional<MixerSpec> only(LizardSpec.Branches branch) {
        return first == 0 ? Optional.empty() : Optional.of(new HedgehogSpec(features, activation, first, branch));
    }

    @Override
    public Map<String, long[]> shapes(HeadDims dims) {
        long[] map = {dims.heads(), dims.headWidth(), features};
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(LizardSpec.QUERY_MAP, map);
        shapes.put(LizardSpec.KEY_MAP, map);
        if (first > 0) {
            shapes.put(LizardSpec.WINDOW_LOGIT, new long[] {dims.heads()});
        }
        return shapes;
    }

    @Override
    public List<Parameter> initial(HeadDims dims, RandomStream random) {
        Parameter queries = new Parameter(LizardSpec.QUERY_MAP, Hedgehog.identity(dims, features, 1), "maps");
        Parameter keys = new Parameter(LizardSpec.KEY_MAP, Hedgehog.identity(dims, features, 1), "maps");
        return first == 0
                ? List.of(queries, keys)
                : List.of(queries, keys, new Parameter(LizardSpec.WINDOW_LOGIT, MemorySpec.zeros(dims.heads()), "mix"));
    }

    @Override
    public Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        shapes(dims).keySet().forEach(name -> MixerSpec.need(parameters, name));
        if (first > 0) {
            Hybrid.Plan plan = new Hybrid.Plan(
                    new KeyRing(1, first),
                    true,
                    Hybrid.Far.EVICTED,
                    true,
                    features,
                    Hybrid.Join.ONE_NORMALISER,
                    branches,
                    null);
            return new Hybrid(this, plan, dims, parameters, (given, dtype) -> weights(dims, given, dtype));
        }
        return MemoryMixer.summed(this, dims, parameters, dims.heads(), 2L * features, in -> {
            DType dtype = in.q().dtype();
            Tensor queries = MixerSpec.need(parameters, LizardSpec.QUERY_MAP).to(dtype);
            Tensor keys = Hedgehog.grouped(
                    MixerSpec.need(parameters, LizardSpec.KEY_MAP).to(dtype), dims.group());
            return new MemoryMixer.Terms(
                    Hedgehog.features(in.at().turn(in.q()), queries, activation),
                    Hedgehog.sharedFeatures(in.at().turn(in.k()), keys, dims.group(), activation),
                    null,
                    null);
        });
    }

    private static HybridWeights weights(HeadDims dims, Map<String, Tensor> parameters, DType dtype) {
        LinearBranch memory = LinearBranch.of(
                dims,
                MixerSpec.need(parameters, LizardSpec.QUERY_MAP),
                MixerSpec.need(parameters, LizardSpec.KEY_MAP),
                dtype);
        Tensor g = MixerSpec.need(parameters, LizardSpec.WINDOW_LOGIT)
                .to(dtype)
                .exp()
                .view(1, dims.heads(), 1, 1);
        return new HybridWeights(memory, null, null, null, g);
    }

    @Override
    public long stateNumbers(HeadDims dims, long tokens) {
        return MixerSizes.memory(dims, features) + (first == 0 ? 0 : MixerSizes.pairs(dims, fills()));
    }

    @Override
    public long fills() {
        return first == 0 ? 0 : 1L + first;
    }

    @Override
    public boolean separates() {
        return first == 0;
    }

    @Override
    public double flops(HeadDims dims, long length) {
        return MixerSizes.memoryFlops(dims, features) + MixerSizes.windowFlops(dims, (double) fills());
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return MixerSizes.hybridGraph(dims, fills(), features, length);
    }
}
