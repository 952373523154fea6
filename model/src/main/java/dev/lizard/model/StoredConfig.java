package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.StoredType;
import dev.lizard.checkpoint.TensorInfo;
import dev.lizard.checkpoint.WeightSource;
import dev.lizard.mixer.MixerSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A checkpoint's config beside its tensors: nothing of a size that the config claims is allocated before the stored
 * tensors bear it out.
 */
record StoredConfig(Checkpoint checkpoint, String where) {
    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d{1,6})\\..*");

    static StoredConfig of(Checkpoint checkpoint) {
        return new StoredConfig(checkpoint, checkpoint.configFile().toString());
    }

    /** The config, with a head of its own where one is stored that is not the embedding, as in transformers 5. */
    ModelConfig read() {
        ModelConfig config = ModelConfig.of(checkpoint.config(), where);
        WeightSource source = checkpoint.weights();
        boolean contradicted = config.tied()
                && source.contains(WeightShapes.HEAD)
                && source.contains(WeightShapes.EMBEDDING)
                && !same(source);
        return contradicted
                ? config.untied()
                        .noted("%s/%s differs from %s: it is used although tie_word_embeddings in %s says they are one"
                                .formatted(
                                        source.file(WeightShapes.HEAD),
                                        WeightShapes.HEAD,
                                        WeightShapes.EMBEDDING,
                                        where))
                : config;
    }

    private static boolean same(WeightSource source) {
        TensorInfo head = source.info(WeightShapes.HEAD);
        TensorInfo embedding = source.info(WeightShapes.EMBEDDING);
        return head.type() == embedding.type()
                && head.shape().equals(embedding.shape())
                && source.raw(WeightShapes.HEAD).mismatch(source.raw(WeightShapes.EMBEDDING)) < 0;
    }

    /**
     * Compares the config's sizes with the stored tensors, those of a converted model's mixers too.
     *
     * @return a line about tensors that are left out, if there are any
     * @throws LizardException INPUT that names the key and the tensor
     */
    Optional<String> check(ModelConfig config) {
        WeightSource source = checkpoint.weights();
        checkLayers(config);
        Map<String, long[]> shapes = WeightShapes.of(config);
        if (!config.tied() && !source.contains(WeightShapes.HEAD) && source.contains(WeightShapes.EMBEDDING)) {
            throw missing(
                    WeightShapes.HEAD,
                    new long[] {config.vocabSize(), config.width()},
                    source.names(),
                    "add it, or set tie_word_embeddings to true where the output layer is the embedding");
        }
        Optional<String> leftOut = new StrayTensors(source, shapes.keySet()).examine();
        shapes.forEach((name, shape) -> {
            check(source, name, shape, WeightShapes.keys(name) + " of " + where);
            checkType(source, name);
        });
        Optional<List<MixerSpec>> specs = ConvertedConfig.read(config, where);
        for (int layer = 0; specs.isPresent() && layer < config.layers(); layer++) {
            checkMixer(specs.get().get(layer), config, layer);
        }
        return leftOut;
    }

    private void checkLayers(ModelConfig config) {
        int stored = storedLayers();
        if (stored > 0 && config.layers() > stored) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "wrong number of layers",
                    where + "/num_hidden_layers",
                    stored + ", as many as are stored",
                    config.layers(),
                    "check that config and weights belong together");
        }
    }

    private int storedLayers() {
        int stored = 0;
        for (String name : checkpoint.weights().names()) {
            Matcher matcher = LAYER.matcher(name);
            if (matcher.matches()) {
                stored = Math.max(stored, Integer.parseInt(matcher.group(1)) + 1);
            }
        }
        return stored;
    }

    private void checkMixer(MixerSpec spec, ModelConfig config, int layer) {
        String keys = "%s/lizard/layers/%d".formatted(where, layer);
        spec.shapes(config.headDims()).forEach((parameter, shape) -> {
            String name = WeightShapes.mixerPrefix(layer) + parameter;
            WeightSource source = checkpoint
                    .extra()
                    .orElseThrow(() -> LizardException.at(
                            LizardException.Kind.INPUT,
                            "missing file",
                            checkpoint.path(),
                            ModelFolder.EXTRA + " with " + name,
                            "no such file",
                            "copy the whole folder again"));
            check(source, name, shape, key(parameter) + keys);
        });
    }

    /** The key of a mixer that gives a parameter its width, where there is one. */
    private static String key(String parameter) {
        return parameter.endsWith("_map") ? "features of " : parameter.equals("sink") ? "meta of " : "";
    }

    private void check(WeightSource source, String name, long[] shape, String keys) {
        if (!source.contains(name)) {
            throw missing(name, shape, source.names(), "check that config and weights belong together");
        }
        List<Long> found = source.info(name).shape();
        if (!found.equals(Arrays.stream(shape).boxed().toList())) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "wrong shape",
                    source.file(name) + "/" + source.storedName(name),
                    Arrays.toString(shape) + " (" + keys + ")",
                    found,
                    "check that config and weights belong together");
        }
    }

    private static void checkType(WeightSource source, String name) {
        StoredType type = source.info(name).type();
        if (!type.isWeight()) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "unsupported dtype",
                    source.file(name) + "/" + source.storedName(name),
                    "F32, BF16, F16, F64 or blocks of GGUF",
                    type,
                    "use the unquantised model or a GGUF file of it");
        }
    }

    private LizardException missing(String name, long[] shape, Set<String> names, String whatToDo) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "missing tensor",
                checkpoint.path() + "/" + name,
                "shape " + Arrays.toString(shape),
                "nothing of that name (nearest: " + String.join(", ", Nearest.to(name, names, 2)) + ")",
                whatToDo);
    }
}
