package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What rivals made of one memory have in common: an {@link Ending} behind it, and tokens kept exactly {@link Beside}. */
interface MemorySpec extends MixerSpec {
    /** What is kept exactly beside the memory. */
    Near near();

    /** The same with other tokens beside it. */
    MemorySpec with(Near near);

    /** What follows the memory. */
    default Ending.Shape ending() {
        return Ending.Shape.NONE;
    }

    /** Keys beside those of {@link Near}. */
    default Map<String, Object> ownKeys() {
        return Map.of();
    }

    /** Parameters of the memory itself. */
    default Map<String, long[]> ownShapes(HeadDims dims) {
        return Map.of();
    }

    /** Initial values of these. */
    default List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        return List.of();
    }

    /** The mixer of the memory alone. */
    Mixer memory(HeadDims dims, Map<String, Tensor> parameters);

    /** Numbers of it that a sequence keeps: a matrix for each key head. */
    default long memoryNumbers(HeadDims dims) {
        return (long) dims.keyHeads() * dims.headWidth() * dims.headWidth();
    }

    /** Rows of all memories together, those that heads share counted for each. */
    default long rows(HeadDims dims) {
        return MixerSizes.rows(dims);
    }

    /** Whether how much of each is learned. */
    default boolean learnsShare() {
        return true;
    }

    private boolean hasShare() {
        return near().present() && learnsShare();
    }

    @Override
    default Map<String, Object> keys() {
        Map<String, Object> keys = new LinkedHashMap<>(ownKeys());
        near().write(keys);
        return keys;
    }

    @Override
    default Map<String, long[]> shapes(HeadDims dims) {
        Map<String, long[]> shapes = new LinkedHashMap<>(ownShapes(dims));
        shapes.putAll(ending().shapes(dims));
        if (hasShare()) {
            shapes.put(LizardSpec.MIX_LOGIT, new long[] {dims.heads()});
        }
        return shapes;
    }

    @Override
    default List<Parameter> initial(HeadDims dims, RandomStream random) {
        List<Parameter> parameters = new ArrayList<>(ownInitial(dims, random));
        parameters.addAll(ending().initial(dims));
        if (hasShare()) {
            parameters.add(new Parameter(LizardSpec.MIX_LOGIT, zeros(dims.heads()), "mix"));
        }
        return parameters;
    }

    /** W x + b [B, G, T] of x [B, T, D]. */
    static Tensor logit(MixerInput in, Map<String, Tensor> parameters, String weight, String bias) {
        Tensor x = in.x();
        return x.linear(
                        MixerSpec.need(parameters, weight).to(x.dtype()),
                        MixerSpec.need(parameters, bias).to(x.dtype()))
                .transpose(1, 2);
    }

    /** A decay that is fixed, one a head for all tokens: log γ [H] as [B, H, T]. */
    static Tensor constant(double[] logDecays, MixerInput in) {
        return Tensors.of(logDecays, 1, logDecays.length, 1)
                .to(in.q().dtype())
                .to(in.q().device())
                .expand(in.batch(), logDecays.length, in.tokens());
    }

    static Tensor zeros(long... shape) {
        return Tensors.zeros(DType.FLOAT32, Device.CPU, shape);
    }

    @Override
    default Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        shapes(dims).keySet().forEach(name -> MixerSpec.need(parameters, name));
        Mixer memory = memory(dims, parameters);
        return near().present()
                ? new Beside(
                        this, dims, parameters, near(), near().ring(), memory, parameters.get(LizardSpec.MIX_LOGIT))
                : memory;
    }

    @Override
    default long stateNumbers(HeadDims dims, long tokens) {
        return memoryNumbers(dims) + near().stateNumbers(dims);
    }

    @Override
    default long fills() {
        return near().present() ? near().ring().slots() : 0;
    }

    @Override
    default boolean separates() {
        return near().first() == 0;
    }

    @Override
    default Optional<MixerSpec> only(LizardSpec.Branches branch) {
        return near().present()
                ? Optional.of(with(new Near(near().window(), near().first(), branch)))
                : Optional.empty();
    }

    /** What is read and what is written, and what follows. */
    @Override
    default double flops(HeadDims dims, long length) {
        return 4.0 * rows(dims) * dims.headWidth() + ending().flops(dims) + near().flops(dims);
    }

    @Override
    default long graphNumbers(HeadDims dims, long length) {
        long memory = 6 * rows(dims) + 8 * MixerSizes.rows(dims);
        long pairs = 4L * dims.heads() * Math.min(MatrixMemory.CHUNK, length);
        return memory + pairs + ending().graphNumbers(dims) + near().graphNumbers(dims, length);
    }

    /** The differences of gates by row, a table of their own beside {@link #graphNumbers}. */
    static long rowGates(HeadDims dims, long length) {
        return 3L * MixerSizes.rows(dims) * Math.min(MatrixMemory.ROW_CHUNK, length);
    }
}
