package dev.lizard.distill;

import dev.lizard.base.Amounts;
import dev.lizard.base.FreeMemory;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.model.Decoder;
import dev.lizard.model.Losses;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.cuda.CudaCard;
import java.util.List;
import java.util.OptionalLong;

/**
 * Memory that training takes, by formulas: the program, weights, what an optimiser holds, and what the graph of one pass
 * keeps. On the CPU they lie within a quarter of what was measured (models of 2 and 30 layers).
 *
 * @param config the model's sizes
 * @param dtype of activations
 * @param device where they lie
 * @param weights bytes of frozen weights, which are held already
 * @param specs mixers of its replaced layers
 * @param tokens B T of one pass
 * @param length T
 * @param stepTokens tokens of all passes of an update
 */
record MemoryNeed(
        ModelConfig config,
        DType dtype,
        Device device,
        long weights,
        List<MixerSpec> specs,
        long tokens,
        int length,
        long stepTokens) {
    /** The machine's code, the engine's and the heap's. */
    private static final long PROGRAM = 350L << 20;
    /** Value, gradient, two moments and, within an update, a denominator. */
    private static final long BYTES_PER_TRAINABLE = 20;
    /** Logits, their softmax and their gradient. */
    private static final int LOGITS = 3;
    /** Two mixing matrices, their difference, their parts and their gradients. */
    private static final long MATRICES = 12;

    /** Inputs and targets as read and as uploaded, of this step and the next. */
    private static final long BYTES_PER_ID = 64;

    private static final int FLOAT = 4;

    static MemoryNeed of(Decoder decoder, List<MixerSpec> specs, long tokens, int length, long stepTokens) {
        long weights =
                decoder.weights().values().stream().mapToLong(Tensor::bytes).sum();
        return new MemoryNeed(
                decoder.config(), decoder.dtype(), decoder.device(), weights, specs, tokens, length, stepTokens);
    }

    /** All of it while attention transfer trains {@code parameters} numbers: one layer's graph exists at a time. */
    long ofTransfer(long parameters) {
        return fixed(parameters) + tokens * (perLayer() + 2L * config.width()) * bytesOfNumber();
    }

    /** All of it while a next-token loss trains {@code parameters} numbers: layers' graphs, or only their inputs. */
    long ofNextToken(long parameters, boolean recompute) {
        long numbers = recompute ? perLayer() + (long) config.layers() * config.width() : perLayer() * config.layers();
        long rows = Math.min(tokens, Losses.rows(config.vocabSize(), device));
        return fixed(parameters) + tokens * numbers * bytesOfNumber() + LOGITS * rows * config.vocabSize() * FLOAT;
    }

    /** Mixing matrices of one layer, those of the student with their graph. */
    long ofMatrices(Loss loss) {
        boolean has = loss.has(Loss.AttentionWeights.class) || loss.has(Loss.MixingMatrix.class);
        return has ? MATRICES * tokens * length * config.heads() * FLOAT : 0;
    }

    /** The teacher's residual streams of all layers. */
    long ofStreams() {
        return tokens * config.width() * (config.layers() + 1L) * dtype.bytes();
    }

    /** Weights of a narrower model that are trained are rounded for each pass. */
    long ofWorkingCopies(long base) {
        return dtype == DType.FLOAT32 ? 0 : base * dtype.bytes();
    }

    private long fixed(long parameters) {
        return PROGRAM + weights + BYTES_PER_TRAINABLE * parameters + BYTES_PER_ID * stepTokens;
    }

    private int bytesOfNumber() {
        return device.isCuda() ? dtype.bytes() : FLOAT;
    }

    private long perLayer() {
        long rest = 8L * config.width() + 4L * config.mlpWidth();
        if (device.isCuda()) { // kernels keep no scores and no features
            return rest
                    + specs.stream()
                            .filter(spec -> spec.slots() > 0 && !spec.fused(config.headDims(), dtype, device, length))
                            .mapToLong(this::graph)
                            .max()
                            .orElse(0);
        }
        long mixer = graph(new SoftmaxSpec());
        for (MixerSpec spec : specs) {
            mixer = Math.max(mixer, graph(spec));
        }
        return mixer + 12L * config.width() + 5L * config.mlpWidth();
    }

    private long graph(MixerSpec spec) {
        return spec.graphNumbers(config.headDims(), length);
    }

    /** What a run may take in all, with what its weights and the program hold already; empty where nobody knows. */
    OptionalLong there() {
        OptionalLong free = device.isCuda() ? CudaCard.memoryFree(device) : FreeMemory.bytes();
        return free.isPresent() ? OptionalLong.of(free.getAsLong() + PROGRAM + weights) : free;
    }

    /**
     * Compares before anything of the size is made.
     *
     * @throws LizardException ENVIRONMENT where a stage needs more than is there
     */
    void require(String stage, long needed) {
        OptionalLong there = there();
        if (there.isPresent() && needed > there.getAsLong()) {
            throw LizardException.environment(tooMuch(stage, needed, there.getAsLong()));
        }
    }

    static String tooMuch(String stage, long needed, long there) {
        return ("not enough memory for stage %s: it needs about %s but %s are there; lower batch (and raise accumulate"
                        + " in its place), or shorten sequences")
                .formatted(stage, Amounts.bytes(needed), Amounts.bytes(there));
    }

    /**
     * A step that sees a sequence twice is no step of this data.
     *
     * @throws LizardException USAGE where one step needs more sequences than an epoch has
     */
    static void requireSequences(long perStep, long there, int length) {
        if (perStep > there) {
            throw LizardException.usage(fewSequences(perStep, there, length));
        }
    }

    static String fewSequences(long perStep, long there, int length) {
        return ("one step needs %,d sequences of %,d tokens but the data have %,d; lower batch or accumulate, or give"
                        + " more data")
                .formatted(perStep, length, there);
    }
}
