package dev.lizard.model;

import dev.lizard.base.Activity;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.base.Progress;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.HubDownload;
import dev.lizard.checkpoint.HubOptions;
import dev.lizard.checkpoint.StoredType;
import dev.lizard.checkpoint.WeightSource;
import dev.lizard.checkpoint.Weights;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Opens models, whatever form they have. */
public final class Models {
    private Models() {}

    /**
     * The path of a model: a folder or file that is there, or a hub name {@code owner/name}, which is downloaded once.
     *
     * @throws LizardException INPUT where it is neither
     */
    public static Path resolve(String model, HubOptions hub, Progress progress) {
        Path path = Path.of(model);
        if (Files.exists(path)) {
            return path;
        }
        if (model.matches("[\\w.-]+/[\\w.-]+") && !model.startsWith(".") && !model.endsWith(".gguf")) {
            return new HubDownload(hub).fetch(model, progress);
        }
        throw LizardException.at(
                LizardException.Kind.INPUT,
                "no model",
                model,
                "a folder, a .gguf file or a hub name owner/name",
                "nothing there",
                "check the path or its spelling");
    }

    /**
     * Opens a Hugging Face folder, a GGUF file or a converted folder; a stored adapter is attached.
     *
     * @param dtype type of weights and activations; new parameters of converted models stay wide
     * @throws LizardException INPUT for anything that is not a whole model of a supported family
     */
    public static OpenModel open(Path path, DType dtype, Device device) {
        try (Activity _ = Activity.begin("loading " + path)) {
            return load(path, dtype, device);
        }
    }

    private static OpenModel load(Path path, DType dtype, Device device) {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            List<String> notes = new ArrayList<>(checkpoint.notes());
            Decoder decoder = DecoderLoader.load(checkpoint, dtype, device, notes::add);
            try {
                complete(checkpoint, decoder);
            } catch (RuntimeException e) {
                decoder.close();
                throw e;
            }
            return new OpenModel(
                    path,
                    decoder,
                    checkpoint.generationConfig(),
                    checkpoint.tokenizerFiles(),
                    checkpoint.ggufMetadata(),
                    List.copyOf(notes));
        }
    }

    /** New mixers and the adapter. */
    private static void complete(Checkpoint checkpoint, Decoder decoder) {
        String where = DecoderLoader.configName(checkpoint.path());
        Optional<List<MixerSpec>> specs = ConvertedConfig.read(decoder.config(), where);
        if (specs.isPresent()) {
            for (int layer = 0; layer < decoder.layers(); layer++) {
                MixerSpec spec = specs.get().get(layer);
                Map<String, Tensor> parameters = parameters(checkpoint, decoder, spec, layer);
                decoder.replaceMixer(layer, spec.create(decoder.headDims(), parameters));
            }
        }
        checkpoint
                .adapter()
                .ifPresent(adapter ->
                        Lora.attach(decoder, adapter, checkpoint.path().toString()));
    }

    private static Map<String, Tensor> parameters(Checkpoint checkpoint, Decoder decoder, MixerSpec spec, int layer) {
        DType wide = decoder.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
        Map<String, Tensor> parameters = new HashMap<>();
        try (Scope work = Scope.open()) {
            for (MixerSpec.Parameter parameter : spec.initial(decoder.headDims(), new RandomStream(0))) {
                String name = WeightShapes.mixerPrefix(layer) + parameter.name();
                WeightSource source = source(checkpoint, name);
                check(source, checkpoint.path(), name, parameter.initial().shape());
                parameters.put(parameter.name(), decoder.own(Weights.load(source, name, wide, decoder.device())));
            }
        }
        return parameters;
    }

    private static WeightSource source(Checkpoint checkpoint, String name) {
        return checkpoint
                .extra()
                .orElseThrow(() -> LizardException.at(
                        LizardException.Kind.INPUT,
                        "missing file",
                        checkpoint.path(),
                        ModelFolder.EXTRA + " with " + name,
                        "no such file",
                        "copy the whole folder again"));
    }

    /** As {@link #check}, for base weights. @throws LizardException INPUT for numbers that are no weights, too */
    static void checkWeight(WeightSource source, Path path, String name, long[] shape) {
        check(source, path, name, shape);
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

    /** @throws LizardException INPUT where {@code name} is missing or has another shape */
    static void check(WeightSource source, Path path, String name, long[] shape) {
        if (!source.contains(name)) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "missing tensor",
                    path + "/" + name,
                    "shape " + Arrays.toString(shape),
                    "nothing of that name (nearest: " + String.join(", ", Nearest.to(name, source.names(), 2)) + ")",
                    "check that config and weights belong together");
        }
        List<Long> found = source.info(name).shape();
        if (!found.equals(Arrays.stream(shape).boxed().toList())) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "wrong shape",
                    source.file(name) + "/" + source.storedName(name),
                    Arrays.toString(shape),
                    found,
                    "check that config and weights belong together");
        }
    }
}
