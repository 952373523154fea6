package dev.lizard.mixer;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * A mixer as data: its kind and its hyper-parameters, as they stand in a recipe and in {@code config.json}.
 *
 * <p>One record for each kind, so that nothing but data decides what a layer is.
 */
public sealed interface MixerSpec permits SoftmaxSpec, WindowSpec, LizardSpec, LolcatsSpec {
    /** A new parameter: its name under {@code self_attn}, its initial value and the group a recipe addresses it by. */
    record Parameter(String name, Tensor initial, String group) {}

    /** The kind's name in recipes and configs, e.g. {@code lizard}. */
    String mixer();

    /** Names and shapes of the parameters that {@link #initial} makes; for sizes that are not trusted yet. */
    Map<String, long[]> shapes(HeadDims dims);

    /** New parameters in float32 on the CPU with their initial values, in a fixed order. */
    List<Parameter> initial(HeadDims dims, RandomStream random);

    /**
     * A mixer over the given parameters, whose names and shapes are those of {@link #initial}.
     *
     * @throws IllegalArgumentException if one is missing
     */
    Mixer create(HeadDims dims, Map<String, Tensor> parameters);

    static Tensor need(Map<String, Tensor> parameters, String name) {
        Tensor tensor = parameters.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("parameter " + name + " is missing; there are " + parameters.keySet());
        }
        return tensor;
    }
}
