package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import java.util.List;
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
    private static final long LONGEST = 1 << 20;

    private GgufRope() {}

    /**
     * Sets {@code rope_theta} and {@code rope_scaling}.
     *
     * <p>What the file means is what llama.cpp makes of it: without a type the factor divides all frequencies, type
     * {@code none} switches it off, stored divisors come on top, and {@code attn_factor} multiplies cos and sin, for YaRN
     * beside {@code 0.1 ln(factor) + 1}.
     */
    static void put(GgufFile gguf, GgufMetadata metadata, ObjectNode config) {
        double theta = metadata.optionalNumber(".rope.freq_base").orElse(10_000);
        config.put("rope_theta", theta);
        String type = metadata.optionalText(".rope.scaling.type").orElse("linear");
        double factor = type.equals("none") ? 1 : factor(metadata);
        double attention = metadata.optionalNumber(".rope.scaling.attn_factor").orElse(1);
        if (!List.of("none", "linear", "yarn").contains(type)) {
            throw metadata.wrong(".rope.scaling.type", "none, linear or yarn", type);
        }
        boolean yarn = type.equals("yarn");
        if (attention != 1 && !yarn) {
            throw metadata.wrong(".rope.scaling.attn_factor", "1 where the scaling is not yarn", attention);
        }
        if (gguf.contains(FACTORS)) {
            if (yarn) {
                throw metadata.wrong(".rope.scaling.type", "none or linear beside " + FACTORS, type);
            }
            config.set("rope_scaling", fromFactors(divisors(gguf, factor), theta));
        } else if (yarn) {
            config.set("rope_scaling", yarn(metadata, factor, attention));
        } else if (factor != 1) {
            config.set("rope_scaling", scaling("linear", factor));
        }
    }

    /** The linear factor; 0 means none. Its older name counts where the newer one is absent. */
    private static double factor(GgufMetadata metadata) {
        for (String key : List.of(".rope.scaling.factor", ".rope.scale_linear")) {
            if (metadata.has(key)) {
                return metadata.isZero(key) ? 1 : metadata.optionalNumber(key).orElse(1);
            }
        }
        return 1;
    }

    private static float[] divisors(GgufFile gguf, double factor) {
        TensorInfo info = gguf.info(FACTORS);
        if (info.shape().size() != 1 || info.elements() > LONGEST) {
            throw BadFile.in(gguf.path(), FACTORS, "bad shape", "[pairs of a head]", info.shape(), BadFile.AGAIN);
        }
        float[] divisors = gguf.readFloat32(FACTORS);
        for (int i = 0; i < divisors.length; i++) {
            divisors[i] = (float) (divisors[i] * factor);
        }
        return divisors;
    }

    private static ObjectNode scaling(String type, double factor) {
        ObjectNode node = Json.object();
        node.put("rope_type", type);
        node.put("factor", factor);
        return node;
    }

    private static ObjectNode yarn(GgufMetadata metadata, double factor, double attention) {
        ObjectNode node = scaling("yarn", factor);
        OptionalLong original = metadata.optionalCount(".rope.scaling.original_context_length");
        if (original.isPresent()) {
            node.put("original_max_position_embeddings", original.getAsLong());
        }
        if (attention != 1) {
            node.put("attention_factor", attention * (factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1));
        }
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
