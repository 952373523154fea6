package dev.lizard.model;

import dev.lizard.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The blocks of a decoder, wired to its weights by name. */
record Stack(Weight embedding, List<Block> blocks, Norm last, Weight head, Map<String, Linear> projections) {
    static Stack of(ModelConfig config, Map<String, Weight> weights, DType compute) {
        return new Wiring(config, weights, compute).stack();
    }

    /** Looks weights up; what {@link WeightShapes} promised is there. */
    private static final class Wiring {
        private final ModelConfig config;
        private final Map<String, Weight> weights;
        private final DType compute;
        private final Map<String, Linear> projections = new LinkedHashMap<>();

        Wiring(ModelConfig config, Map<String, Weight> weights, DType compute) {
            this.config = config;
            this.weights = weights;
            this.compute = compute;
        }

        Stack stack() {
            List<Block> blocks = new ArrayList<>();
            for (int layer = 0; layer < config.layers(); layer++) {
                blocks.add(block(WeightShapes.layerPrefix(layer)));
            }
            return new Stack(
                    weight(WeightShapes.EMBEDDING),
                    List.copyOf(blocks),
                    norm(WeightShapes.LAST_NORM),
                    weight(config.tied() ? WeightShapes.EMBEDDING : WeightShapes.HEAD),
                    Collections.unmodifiableMap(projections));
        }

        private Block block(String prefix) {
            String attention = prefix + "self_attn.";
            return new Block(
                    norm(prefix + "input_layernorm.weight"),
                    new Attention(
                            config.headDims(),
                            linear(attention + "q_proj"),
                            linear(attention + "k_proj"),
                            linear(attention + "v_proj"),
                            linear(attention + "o_proj"),
                            config.qkNorm() ? norm(attention + "q_norm.weight") : null,
                            config.qkNorm() ? norm(attention + "k_norm.weight") : null),
                    norm(prefix + "post_attention_layernorm.weight"),
                    new Mlp(
                            linear(prefix + "mlp.gate_proj"),
                            linear(prefix + "mlp.up_proj"),
                            linear(prefix + "mlp.down_proj")));
        }

        private Norm norm(String name) {
            return new Norm(weight(name), config.normEpsilon());
        }

        private Linear linear(String name) {
            @Nullable Weight bias = weights.get(name + ".bias");
            Linear linear = new Linear(name, weight(name + ".weight"), bias, compute);
            projections.put(name, linear);
            return linear;
        }

        private Weight weight(String name) {
            Weight weight = weights.get(name);
            if (weight == null) {
                throw new IllegalStateException("no weight " + name);
            }
            return weight;
        }
    }
}
