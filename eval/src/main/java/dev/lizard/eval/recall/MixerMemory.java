package dev.lizard.eval.recall;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.Positions;
import dev.lizard.mixer.Rotary;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A mixer with its initial parameters as a memory: it reads the pairs as tokens, then the queries as tokens whose key and
 * value are zero, which add nothing that could be read and, where a rule corrects what it holds, take nothing away. Nothing
 * is turned by its position, and the layer's input, from which gates are computed, is zero.
 */
record MixerMemory(String name, MixerSpec spec, Map<String, Tensor> parameters) implements MemoryRule {
    static final HeadDims DIMS = new HeadDims(MemoryProbe.WIDTH, 1, 1, MemoryProbe.WIDTH);

    static MixerMemory initial(String name, MixerSpec spec, long seed) {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        spec.initial(DIMS, RandomStream.named(seed, "probes/" + name))
                .forEach(parameter -> parameters.put(parameter.name(), parameter.initial()));
        return new MixerMemory(name, spec, parameters);
    }

    @Override
    public Tensor read(Tensor keys, Tensor values, Tensor queries) {
        Mixer mixer = spec.create(DIMS, parameters);
        Tensor none = Tensors.zeros(DType.FLOAT32, keys.device(), queries.shape());
        Tensor q = Tensors.cat(1, keys, queries);
        Tensor k = Tensors.cat(1, keys, none);
        Tensor v = Tensors.cat(1, values, none);
        Tensor x = Tensors.zeros(DType.FLOAT32, keys.device(), k.shape());
        try (Rotary still = new Rotary(new double[MemoryProbe.WIDTH / 2], 1);
                Positions at = Positions.start(still)) {
            Tensor y = mixer.forward(new MixerInput(x, q.unsqueeze(1), k.unsqueeze(1), v.unsqueeze(1), at), Form.CHUNK);
            return y.squeeze(1).narrow(1, keys.size(1), queries.size(1));
        }
    }
}
