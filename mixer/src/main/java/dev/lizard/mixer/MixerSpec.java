package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A mixer as data: its kind and its hyper-parameters, as they stand in a recipe and in {@code config.json}, and all that
 * is known of it before it has parameters. Nothing else decides what a layer is.
 */
public interface MixerSpec {
    /** A new parameter: its name under {@code self_attn}, its initial value and the group a recipe addresses it by. */
    record Parameter(String name, Tensor initial, String group) {}

    /** The kind's name in recipes and configs, e.g. {@code lizard}. */
    String mixer();

    /** Its keys in a file and their values, without {@code mixer}: what {@link MixerSpecs#read} makes it of again. */
    Map<String, Object> keys();

    /** Names and shapes of the parameters that {@link #initial} makes, none by default; for sizes not trusted yet. */
    default Map<String, long[]> shapes(HeadDims dims) {
        return Map.of();
    }

    /** New parameters in float32 on the CPU with their initial values, in a fixed order; none by default. */
    default List<Parameter> initial(HeadDims dims, RandomStream random) {
        return List.of();
    }

    /**
     * A mixer over the given parameters, whose names and shapes are those of {@link #initial}.
     *
     * @throws IllegalArgumentException if one is missing
     */
    Mixer create(HeadDims dims, Map<String, Tensor> parameters);

    /** Numbers the state of one sequence holds after {@code tokens} tokens; a cache as many places as tokens. */
    long stateNumbers(HeadDims dims, long tokens);

    /** Whether the state grows with the text: a cache, in the model's type and not in that of memories. */
    default boolean caches() {
        return false;
    }

    /** Tokens after which the state is full: each call of a length is then the same work, wherever it stands. */
    default long fills() {
        return 0;
    }

    /** The farthest distance at which tokens are read where they are; 0 where all are. */
    default int limit() {
        return 0;
    }

    /** Tokens that a key/value head keeps exactly by their score; 0 for mixers without such. */
    default int slots() {
        return 0;
    }

    /** Whether that score is learned. */
    default boolean judges() {
        return false;
    }

    /** Whether what a head reads is one matrix over tokens times its values, for {@link Mixer#materialize}. */
    default boolean mixes() {
        return true;
    }

    /** Parameters [n, n] that the loss {@code orthogonality} holds near orthogonal ones; none by default. */
    default List<String> orthogonal() {
        return List.of();
    }

    /** The same with so many slots, over the same parameters; where there are any. */
    default MixerSpec withSlots(int count) {
        return this;
    }

    /** Whether whole sequences are read so that {@linkplain Positions#packed packed documents} do not see each other. */
    default boolean separates() {
        return true;
    }

    /** Operations a token of a forward pass over sequences of {@code length} tokens. */
    double flops(HeadDims dims, long length);

    /** Numbers a token that the graph of a composed pass over sequences of {@code length} keeps for its gradients. */
    long graphNumbers(HeadDims dims, long length);

    /** Whether kernels take over such a pass of a mixer with slots, which keep none of those. */
    default boolean fused(HeadDims dims, DType model, Device device, long length) {
        return false;
    }

    /** The same with one branch alone, over the same parameters; empty for mixers without branches. */
    default Optional<MixerSpec> only(LizardSpec.Branches branch) {
        return Optional.empty();
    }

    /** Bytes of the state of one sequence in a model of this type. */
    default long stateBytes(HeadDims dims, DType model, long tokens) {
        return stateNumbers(dims, tokens) * (caches() ? model : Mixer.computing(model)).bytes();
    }

    static Tensor need(Map<String, Tensor> parameters, String name) {
        Tensor tensor = parameters.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("parameter " + name + " is missing; there are " + parameters.keySet());
        }
        return tensor;
    }
}
