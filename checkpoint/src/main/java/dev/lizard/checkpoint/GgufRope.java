package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Rotary positions: GGUF's keys to {@code rope_theta} and {@code rope_scaling}.
 *
 * <p>Llama 3's scaling is stored as one divisor a frequency in {@code rope_freqs.weight}. Where Llama 3.1's published
 * constants (low 1, high 4, 8192 positions) give back these divisors, its {@code llama3} form is written; otherwise
 * {@code {"rope_type": "factors", "factors": [d/2 divisors of the inverse frequencies]}}.
 */
final class GgufRope {
    static final String FACTORS = "rope_freqs.weight";
    private static final double LOW = 1;
    private static final double HIGH = 4;
    private static final double ORIGINAL = 8192;

    private GgufRope() {}

    static void put(GgufFile gguf, GgufMetadata metadata, ObjectNode config) {
        double theta = metadata.optionalNumber(".rope.freq_base").orElse(10_000);
        config.put("rope_theta", theta);
        if (gguf.contains(FACTORS)) {
            config.set("rope_scaling", fromFactors(gguf.readFloat32(FACTORS), theta));
            return;
        }
        String type = metadata.optionalText(".rope.scaling.type").orElse("none");
        OptionalDouble older = metadata.optionalNumber(".rope.scale_linear");
        OptionalDouble factor = metadata.optionalNumber(".rope.scaling.factor");
        Optional<ObjectNode> scaling = switch (type) {
            case "none" ->
                older.isPresent() && older.getAsDouble() != 1
                        ? Optional.of(scaling("linear", older))
                        : Optional.empty();
            case "linear" -> Optional.of(scaling("linear", factor.isPresent() ? factor : older));
            case "yarn" -> Optional.of(yarn(metadata, factor));
            default -> throw metadata.wrong(".rope.scaling.type", "none, linear or yarn", type);
        };
        scaling.ifPresent(node -> config.set("rope_scaling", node));
    }

    private static ObjectNode scaling(String type, OptionalDouble factor) {
        ObjectNode node = Json.object();
        node.put("rope_type", type);
        node.put("factor", factor.orElse(1));
        return node;
    }

    private static ObjectNode yarn(GgufMetadata metadata, OptionalDouble factor) {
        ObjectNode node = scaling("yarn", factor);
        OptionalLong original = metadata.optionalCount(".rope.scaling.original_context_length");
        if (original.isPresent()) {
            node.put("original_max_position_embeddings", original.getAsLong());
        }
        GgufConfig.putNumber(node, "attention_factor", metadata.optionalNumber(".rope.scaling.attn_factor"));
        GgufConfig.putNumber(node, "beta_fast", metadata.optionalNumber(".rope.scaling.yarn_beta_fast"));
        GgufConfig.putNumber(node, "beta_slow", metadata.optionalNumber(".rope.scaling.yarn_beta_slow"));
        return node;
    }

    static ObjectNode fromFactors(float[] factors, double theta) {
        double largest = 1;
        for (float factor : factors) {
            largest = Math.max(largest, factor);
        }
        if (isLlama3(factors, theta, largest)) {
            ObjectNode node = Json.object();
            node.put("rope_type", "llama3");
            node.put("factor", largest);
            node.put("low_freq_factor", LOW);
            node.put("high_freq_factor", HIGH);
            node.put("original_max_position_embeddings", (int) ORIGINAL);
            return node;
        }
        ObjectNode node = Json.object();
        node.put("rope_type", "factors");
        ArrayNode list = node.putArray("factors");
        for (float factor : factors) {
            list.add(factor);
        }
        return node;
    }

    private static boolean isLlama3(float[] factors, double theta, double largest) {
        for (int i = 0; i < factors.length; i++) {
            double expected = llama3Factor(Math.pow(theta, (double) i / factors.length), largest);
            if (!(Math.abs(factors[i] - expected) <= 1e-3 * expected)) {
                return false;
            }
        }
        return true;
    }

    /** Short waves keep their frequency, long ones are slowed by the factor, those between are blended. */
    static double llama3Factor(double inverseFrequency, double factor) {
        double wave = 2 * Math.PI * inverseFrequency;
        if (wave < ORIGINAL / HIGH) {
            return 1;
        }
        if (wave > ORIGINAL / LOW) {
            return factor;
        }
        double smooth = (ORIGINAL / wave - LOW) / (HIGH - LOW);
        return 1 / ((1 - smooth) / factor + smooth);
    }
}
