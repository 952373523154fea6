package dev.lizard.mixer;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** Full causal softmax attention with RoPE: the teacher's mixer, and a layer kept as it was in a hybrid. */
public record SoftmaxSpec() implements MixerSpec {
    @Override
    public String mixer() {
        return "softmax";
    }

    @Override
    public Map<String, long[]> shapes(HeadDims dims) {
        return Map.of();
    }

    @Override
    public List<Parameter> initial(HeadDims dims, RandomStream random) {
        return List.of();
    }

    @Override
    public Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        return new Softmax(this, dims);
    }
}
