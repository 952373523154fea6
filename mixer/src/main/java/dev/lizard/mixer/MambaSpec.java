package dev.lizard.mixer;

import dev.lizard.base.Setting;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Mamba (Gu, Dao 2023, arXiv 2312.00752), the selective state space: each of E = H d channels has N numbers that decay at
 * rates of their own, and the token decides how far they move, what is written and what is read.
 *
 * <pre>
 *   u_t = silu(conv(v)_t + b_conv)       depthwise over four tokens, v of a head's group
 *   (δ_t, B_t, C_t) = W_u u_t            of R = ⌈D / 16⌉, N and N numbers
 *   Δ_t = softplus(W_Δ δ_t + b_Δ)        A = −exp(a)                    Δ [E]   a [E, N]
 *   h_t = exp(Δ_t A) ∘ h_{t−1} + (Δ_t u_t) B_t                          h [E, N]
 *   y_t = (h_t C_t + D u_t) ∘ silu(W x_t + b)
 * </pre>
 *
 * <p><b>What it is here.</b> The layer from its convolution to its gate, in the place between a layer's projections: the
 * values stand for the half of the input projection that is scanned, the output projection for its own. Queries and keys
 * have no part in it. B and C are shared by all channels of a layer where q and k belong to heads, and a rate for each
 * channel and number leaves no matrix a head ({@link MixerSpec#mixes}), so softmax's weights say nothing to it: a conversion
 * matches hidden states, not matrices. That is why Mamba-2, whose decay is one number a head, is the one that takes over q
 * and k ({@link Mamba2Spec}).
 *
 * <p><b>Not selective</b> Δ, B and C are parameters instead, the same for all tokens: the time-invariant layer that the
 * paper departs from, for comparison.
 *
 * <p><b>Deviations.</b> E is H d and not 2 D, for the output projection is the teacher's. The convolution begins as the
 * identity, and the gate open (W = 0, silu(b) = 1). Heads that share values have channels of their own.
 *
 * @param state N
 * @param selective whether the token decides
 * @param near what is kept exactly beside it
 */
record MambaSpec(int state, boolean selective, Near near) implements MemorySpec {
    static final MixerKind<Keys> KIND = new MixerKind<>(
            "mamba",
            Keys.class,
            (keys, dims) -> new MambaSpec(keys.state, keys.selective, new Near(keys.window, keys.first, keys.branches)),
            new MixerKind.About(
                    "selective state space, rates by channel", "H*d*N + 3*G*d + 2*G*d*n", "Mamba, arXiv 2312.00752"));

    /** Tokens that the convolution sees. */
    static final int TAPS = 4;

    /** Widths of the layer to a number of the low rank of Δ. */
    private static final int RANK_SHARE = 16;

    static final double MOST_STATE = 1024;

    static final String CONV_WEIGHT = "conv_weight";
    static final String CONV_BIAS = "conv_bias";
    static final String STATE_WEIGHT = "state_weight";
    static final String STEP_WEIGHT = "step_weight";
    static final String STEP_BIAS = "step_bias";
    static final String DECAY = "decay_log";
    static final String INPUT = "state_input";
    static final String OUTPUT = "state_output";
    static final String SKIP = "channel_skip";

    private static final Ending.Shape ENDING = new Ending.Shape(false, Ending.Norm.NONE, true, false);

    record Keys(
            @Setting(byDefault = "16", min = 1, max = MOST_STATE)
            int state,

            @Setting(byDefault = "true") boolean selective,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") LizardSpec.Branches branches) {
        Keys {
            Near.requireEffect(window, first, branches);
        }
    }

    MambaSpec {
        if (state < 1) {
            throw new IllegalArgumentException("state must be at least 1, found " + state);
        }
    }

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new MambaSpec(state, selective, other);
    }

    @Override
    public Map<String, Object> ownKeys() {
        return selective ? Map.of("state", state) : Map.of("state", state, "selective", false);
    }

    @Override
    public Ending.Shape ending() {
        return ENDING;
    }

    @Override
    public boolean mixes() {
        return false;
    }

    private static int rank(HeadDims dims) {
        return Math.ceilDiv(dims.width(), RANK_SHARE);
    }

    @Override
    public Map<String, long[]> ownShapes(HeadDims dims) {
        long e = MixerSizes.rows(dims);
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(CONV_WEIGHT, new long[] {dims.heads(), TAPS, dims.headWidth()});
        shapes.put(CONV_BIAS, new long[] {dims.heads(), dims.headWidth()});
        if (selective) {
            shapes.put(STATE_WEIGHT, new long[] {rank(dims) + 2L * state, e});
            shapes.put(STEP_WEIGHT, new long[] {e, rank(dims)});
        } else {
            shapes.put(INPUT, new long[] {state});
            shapes.put(OUTPUT, new long[] {state});
        }
        shapes.put(STEP_BIAS, new long[] {e});
        shapes.put(DECAY, new long[] {e, state});
        shapes.put(SKIP, new long[] {e});
        return shapes;
    }

    /** As published but for the convolution: rates 1 to N, Δ evenly in the logarithm from 0.001 to 0.1, D = 1. */
    @Override
    public List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        int e = Math.toIntExact(MixerSizes.rows(dims));
        List<Parameter> parameters = new ArrayList<>();
        ownShapes(dims).forEach((name, shape) -> {
            Tensor initial = switch (name) {
                case CONV_WEIGHT -> identity(dims);
                case STATE_WEIGHT -> uniform(random, 1 / Math.sqrt(e), shape);
                case STEP_WEIGHT -> uniform(random, 1 / Math.sqrt(rank(dims)), shape);
                case STEP_BIAS -> steps(e, random);
                case DECAY -> rates(e);
                case OUTPUT -> Tensors.of(random.normal(state, 1 / Math.sqrt(state)), state);
                case SKIP, INPUT -> MemorySpec.zeros(shape).add(1);
                default -> MemorySpec.zeros(shape);
            };
            parameters.add(new Parameter(name, initial, group(name)));
        });
        return parameters;
    }

    private static String group(String name) {
        return switch (name) {
            case STEP_WEIGHT, STEP_BIAS, DECAY -> "gate";
            case SKIP -> "out";
            default -> "maps";
        };
    }

    /** The last tap is 1. */
    private static Tensor identity(HeadDims dims) {
        float[] taps = new float[dims.heads() * TAPS * dims.headWidth()];
        for (int i = 0; i < taps.length; i++) {
            taps[i] = i / dims.headWidth() % TAPS == TAPS - 1 ? 1 : 0;
        }
        return Tensors.of(taps, dims.heads(), TAPS, dims.headWidth());
    }

    private static Tensor uniform(RandomStream random, double most, long... shape) {
        float[] values = new float[Math.toIntExact(shape[0] * shape[1])];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (most * (2 * random.nextDouble() - 1));
        }
        return Tensors.of(values, shape);
    }

    private static Tensor steps(int channels, RandomStream random) {
        float[] bias = new float[channels];
        for (int i = 0; i < channels; i++) {
            double step = Math.max(1e-4, 1e-3 * Math.pow(100, random.nextDouble()));
            bias[i] = (float) (step + Math.log(-Math.expm1(-step))); // softplus of it is step
        }
        return Tensors.of(bias, channels);
    }

    private Tensor rates(int channels) {
        float[] rates = new float[channels * state];
        for (int i = 0; i < rates.length; i++) {
            rates[i] = (float) Math.log(1 + i % state);
        }
        return Tensors.of(rates, channels, state);
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        return new Mamba(this, dims, parameters);
    }

    @Override
    public long memoryNumbers(HeadDims dims) {
        return MixerSizes.rows(dims) * state + (TAPS - 1L) * dims.keyHeads() * dims.headWidth();
    }

    /** Convolution, what is selected, the scan, the gate. */
    @Override
    public double flops(HeadDims dims, long length) {
        double e = MixerSizes.rows(dims);
        double selected = selective ? 2 * e * (2.0 * rank(dims) + 2.0 * state) : 0;
        return e * (2.0 * TAPS + 7.0 * state) + selected + ENDING.flops(dims) + near().flops(dims);
    }

    /** Alone it keeps the graph of one span of the scan at a time. */
    @Override
    public long graphNumbers(HeadDims dims, long length) {
        long e = MixerSizes.rows(dims);
        long scanned = 8 * e * state;
        long kept = near().present() ? scanned : Math.max(1, scanned * ScanFunction.SPAN / Math.max(length, 1));
        return 14 * e + Math.min(scanned, kept) + ENDING.graphNumbers(dims) + near().graphNumbers(dims, length);
    }
}
