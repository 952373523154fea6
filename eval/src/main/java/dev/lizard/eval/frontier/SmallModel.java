package dev.lizard.eval.frontier;

import dev.lizard.base.Json;
import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** A decoder of random weights whose layers have chosen mixers, all of it trained; matrices of the base decay. */
record SmallModel(Decoder decoder, ParameterBuffer parameters) implements AutoCloseable {
    /** Of the weights that a random decoder has. */
    private static final double DEVIATION = 0.02;

    private static final String MATRICES = "matrices";
    private static final String OTHERS = "others";

    static SmallModel of(FrontierPlan plan, FrontierPlan.Stack stack, int width, long seed, Device device) {
        Decoder decoder =
                Decoder.random(config(plan, width), RandomStream.named(seed, "weights"), DType.FLOAT32, device);
        try (Scope work = Scope.open()) {
            List<ParameterBuffer.Entry> entries = new ArrayList<>();
            double scale = 1 / (DEVIATION * Math.sqrt(width)); // to rows of length 1, however narrow the model is
            decoder.weights()
                    .forEach((name, weight) -> entries.add(
                            weight.rank() > 1
                                    ? new ParameterBuffer.Entry(name, weight.mul(scale), MATRICES)
                                    : new ParameterBuffer.Entry(name, weight, OTHERS)));
            List<MixerSpec> specs = specs(plan, stack, decoder.headDims());
            for (int layer = 0; layer < plan.layers(); layer++) {
                RandomStream random = RandomStream.named(seed, "mixer/" + layer);
                for (MixerSpec.Parameter parameter : specs.get(layer).initial(decoder.headDims(), random)) {
                    entries.add(new ParameterBuffer.Entry(name(layer, parameter.name()), parameter.initial(), OTHERS));
                }
            }
            List<ParameterBuffer.Group> groups = List.of(
                    new ParameterBuffer.Group(MATRICES, 1, plan.weightDecay()),
                    new ParameterBuffer.Group(OTHERS, 1, 0));
            ParameterBuffer parameters = new ParameterBuffer(entries, groups, device);
            decoder.weights().keySet().forEach(name -> decoder.bind(name, leaf(parameters, name)));
            for (int layer = 0; layer < plan.layers(); layer++) {
                decoder.replaceMixer(layer, mixer(specs.get(layer), layer, decoder.headDims(), parameters));
            }
            return new SmallModel(decoder, parameters);
        }
    }

    private static Mixer mixer(MixerSpec spec, int layer, HeadDims dims, ParameterBuffer parameters) {
        Map<String, Tensor> own = new LinkedHashMap<>();
        spec.shapes(dims).keySet().forEach(name -> own.put(name, leaf(parameters, name(layer, name))));
        return spec.create(dims, own);
    }

    private static Tensor leaf(ParameterBuffer parameters, String name) {
        return MixerSpec.need(parameters.parameters(), name);
    }

    private static String name(int layer, String parameter) {
        return "model.layers.%d.self_attn.%s".formatted(layer, parameter);
    }

    /** The mixer of each layer; faults name the stack. */
    static List<MixerSpec> specs(FrontierPlan plan, FrontierPlan.Stack stack, HeadDims dims) {
        List<MixerSpec> specs = new ArrayList<>();
        for (int layer = 0; layer < plan.layers(); layer++) {
            ObjectNode keys = stack.layers().get(stack.layers().size() == 1 ? 0 : layer);
            specs.add(MixerSpecs.read(keys, dims, "stack " + stack.name() + "/layers"));
        }
        return specs;
    }

    static ModelConfig config(FrontierPlan plan, int width) {
        ObjectNode keys = Json.object();
        keys.put("model_type", "llama");
        keys.put("hidden_size", width);
        keys.put("num_hidden_layers", plan.layers());
        keys.put("num_attention_heads", plan.heads());
        keys.put("intermediate_size", (int) Math.max(1, Math.round(plan.mlp() * width)));
        keys.put("vocab_size", plan.vocabulary());
        keys.put("max_position_embeddings", plan.length());
        keys.put("rms_norm_eps", 1e-5);
        keys.put("attention_bias", true); // so that a layer can look at a distance, whatever stands there
        keys.put("tie_word_embeddings", true);
        return ModelConfig.of(keys, "the plan");
    }

    @Override
    public void close() {
        parameters.close();
        decoder.close();
    }
}
