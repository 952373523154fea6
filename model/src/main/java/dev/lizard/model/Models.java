package dev.lizard.model;

import dev.lizard.base.Activity;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.ModelFiles;
import dev.lizard.checkpoint.Student;
import dev.lizard.checkpoint.WeightSource;
import dev.lizard.checkpoint.Weights;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.Tokenizers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Opens models, whatever form they have. */
public final class Models {
    private Models() {}

    /**
     * Opens a Hugging Face folder, a GGUF file or a converted folder; a stored adapter is attached.
     *
     * @param dtype type of weights and activations; new parameters of converted models stay wide
     * @throws LizardException INPUT for anything that is not a whole model of a supported family
     */
    public static OpenModel open(Path path, DType dtype, Device device) {
        return open(ModelFiles.of(path), dtype, device);
    }

    /** The same, of a student over its base too. */
    public static OpenModel open(ModelFiles files, DType dtype, Device device) {
        return load(files, dtype, device, false);
    }

    /**
     * As {@link #open}, for those who want the tokenizer too: it is made meanwhile. What is wrong with it is said by
     * {@link OpenModel#openTokenizer}.
     */
    public static OpenModel openWithTokenizer(ModelFiles files, DType dtype, Device device) {
        return load(files, dtype, device, true);
    }

    private static OpenModel load(ModelFiles files, DType dtype, Device device, boolean early) {
        Path path = files.model();
        try (Activity _ = Activity.begin("loading " + files);
                Checkpoint checkpoint = Checkpoint.open(files)) {
            EarlyTokenizer tokenizer = new EarlyTokenizer(() -> checkpoint
                    .ggufMetadata()
                    .map(metadata -> Tokenizers.fromGguf(metadata, path.toString()))
                    .orElseGet(() -> Tokenizers.open(path)));
            try {
                return load(checkpoint, dtype, device, early ? tokenizer.begin() : tokenizer);
            } catch (RuntimeException | Error e) {
                tokenizer.discard();
                checkpoint.requireBase(); // another model's sizes are no fault of its own
                throw e;
            }
        }
    }

    private static OpenModel load(Checkpoint checkpoint, DType dtype, Device device, EarlyTokenizer tokenizer) {
        List<String> notes = new ArrayList<>(checkpoint.notes());
        Decoder decoder = DecoderLoader.load(checkpoint, dtype, device, notes::add);
        try {
            complete(checkpoint, decoder, notes);
            checkpoint.requireBase();
        } catch (RuntimeException e) {
            decoder.close();
            throw e;
        }
        return new OpenModel(
                checkpoint.path(),
                decoder,
                checkpoint.generationConfig(),
                checkpoint.tokenizerFiles(),
                checkpoint.contentFiles(),
                tokenizer,
                List.copyOf(notes));
    }

    /** What a person should know of how the files of a model and its config were read, a line each. */
    public static List<String> notes(Checkpoint checkpoint) {
        List<String> notes = new ArrayList<>(checkpoint.notes());
        notes.addAll(config(checkpoint).notes());
        return List.copyOf(notes);
    }

    /** New mixers and the adapter. */
    private static void complete(Checkpoint checkpoint, Decoder decoder, List<String> notes) {
        String where = StoredConfig.of(checkpoint).where();
        Optional<List<MixerSpec>> specs = ConvertedConfig.read(decoder.config(), where);
        if (specs.isPresent()) {
            for (int layer = 0; layer < decoder.layers(); layer++) {
                MixerSpec spec = specs.get().get(layer);
                Map<String, Tensor> parameters = parameters(checkpoint, decoder, spec, layer);
                decoder.replaceMixer(layer, spec.create(decoder.headDims(), parameters));
            }
        }
        checkpoint.adapter().ifPresent(adapter -> {
            Lora.attach(
                    decoder,
                    adapter,
                    checkpoint
                            .student()
                            .map(Student::folder)
                            .orElse(checkpoint.path())
                            .toString());
            Lora.missing(decoder, adapter).ifPresent(notes::add);
        });
    }

    private static Map<String, Tensor> parameters(Checkpoint checkpoint, Decoder decoder, MixerSpec spec, int layer) {
        DType wide = decoder.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
        Map<String, Tensor> parameters = new HashMap<>();
        try (Scope work = Scope.open()) {
            for (String parameter : spec.shapes(decoder.headDims()).keySet()) {
                String name = WeightShapes.mixerPrefix(layer) + parameter;
                WeightSource source = checkpoint.extra().orElseThrow(); // as StoredConfig checked
                parameters.put(parameter, decoder.own(Weights.load(source, name, wide, decoder.device())));
            }
        }
        return parameters;
    }

    /**
     * What the config says of a model whose weights are not wanted; a stored output layer of its own wins over
     * {@code tie_word_embeddings}.
     *
     * @throws LizardException INPUT for a config that is not supported
     */
    public static ModelConfig config(Checkpoint checkpoint) {
        return StoredConfig.of(checkpoint).read();
    }
}
