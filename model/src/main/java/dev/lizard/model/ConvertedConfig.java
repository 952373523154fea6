package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code config.json} of a converted model has beside its teacher's keys:
 *
 * <pre>
 *   "model_type": "lizard", "base_model_type": "llama",
 *   "lizard": {"version": 1, "layers": [{"mixer": "lizard", "window": 128, ...}, {"mixer": "softmax"}, ...]}
 * </pre>
 */
final class ConvertedConfig {
    private static final String SECTION = "lizard";
    private static final int VERSION = 1;

    private ConvertedConfig() {}

    /** The mixer of each layer; empty for a model as its makers left it. */
    static Optional<List<MixerSpec>> read(ModelConfig config, String where) {
        ConfigKeys keys = new ConfigKeys(config.source(), where);
        if (!keys.text("model_type").orElse("").equals(ModelConfig.LIZARD)) {
            return Optional.empty();
        }
        ConfigKeys section = keys.object(SECTION).orElseThrow(() -> keys.missing(SECTION, "version and layers"));
        if (section.count("version") != VERSION) {
            throw section.unsupported("version", "format " + VERSION, "open it with the version that wrote it");
        }
        JsonNode layers = section.node().path("layers");
        if (!layers.isArray() || layers.size() != config.layers()) {
            throw section.wrong("layers", "a list of the mixers of " + config.layers() + " layers");
        }
        List<MixerSpec> specs = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            if (!(layers.get(i) instanceof ObjectNode node)) {
                throw section.wrong("layers", "a list of objects");
            }
            String place = "%s/%s/layers/%d".formatted(where, SECTION, i);
            specs.add(MixerSpecs.read(node, config.headDims(), place, LizardException.Kind.INPUT));
        }
        return Optional.of(specs);
    }

    /** The teacher's config with this section; the teacher's own where its mixers were left alone. */
    static ObjectNode write(ModelConfig config, List<MixerSpec> specs) {
        ObjectNode node = config.source().deepCopy();
        node.remove(SECTION);
        node.remove(ModelConfig.BASE_TYPE);
        node.put("model_type", config.family().modelType());
        if (specs.equals(config.softmaxSpecs())) {
            return node;
        }
        node.put("model_type", ModelConfig.LIZARD);
        node.put(ModelConfig.BASE_TYPE, config.family().modelType());
        ObjectNode section = node.putObject(SECTION).put("version", VERSION);
        ArrayNode layers = section.putArray("layers");
        specs.forEach(spec -> layers.add(MixerSpecs.write(spec)));
        return node;
    }
}
