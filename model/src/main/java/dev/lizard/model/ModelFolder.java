package dev.lizard.model;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Adapter;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.Safetensors;
import dev.lizard.checkpoint.StoredTensor;
import dev.lizard.checkpoint.WeightSource;
import dev.lizard.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a decoder as a Hugging Face folder. One whose mixers were replaced becomes a converted folder: the teacher's
 * weights under their usual names, the new parameters in {@code lizard.safetensors}, LoRA factors in peft's layout.
 */
public final class ModelFolder {
    static final String CONFIG = "config.json";
    static final String EXTRA = "lizard.safetensors";
    private static final String GENERATION = "generation_config.json";
    private static final String WEIGHTS = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final long SHARD_BYTES = 4_000_000_000L;
    private static final Map<String, String> METADATA = Map.of("format", "pt");

    /**
     * What goes into a folder beside what the decoder itself knows.
     *
     * @param base the weights to copy as they are stored, instead of the decoder's own, which may be rounded
     * @param trained weights that are not those of {@code base} any more: they are written as the model computes with
     *     them, in the type of its activations
     * @param tokenizerFiles files to copy
     * @param generationConfig {@code generation_config.json}; without it one with the config's first and last tokens
     * @param more writes further files into the folder
     */
    public record Contents(
            Optional<WeightSource> base,
            Set<String> trained,
            List<Path> tokenizerFiles,
            Optional<ObjectNode> generationConfig,
            AtomicFiles.FolderBody more) {
        public Contents {
            trained = Set.copyOf(trained);
            tokenizerFiles = List.copyOf(tokenizerFiles);
        }

        /** The decoder alone. */
        public static Contents none() {
            return new Contents(Optional.empty(), Set.of(), List.of(), Optional.empty(), folder -> {});
        }
    }

    private final Path folder;
    private final Decoder decoder;
    private final Contents contents;
    private final long shardBytes;

    ModelFolder(Path folder, Decoder decoder, Contents contents, long shardBytes) {
        this.folder = folder;
        this.decoder = decoder;
        this.contents = contents;
        this.shardBytes = shardBytes;
    }

    /**
     * Creates or replaces a whole folder, all or nothing.
     *
     * @throws LizardException ENVIRONMENT when the disk is full or refuses, naming the path
     */
    public static void write(Path folder, Decoder decoder, Contents contents) {
        AtomicFiles.replaceFolder(folder, fresh -> fill(fresh, decoder, contents));
    }

    /** Writes into a folder that is there and may hold other files; {@code config.json} comes last and completes it. */
    public static void fill(Path folder, Decoder decoder, Contents contents) throws IOException {
        new ModelFolder(folder, decoder, contents, SHARD_BYTES).fill();
    }

    void fill() throws IOException {
        List<StoredTensor> weights = weights();
        writeWeights(weights);
        Map<String, Tensor> parameters = parameters();
        if (!parameters.isEmpty()) {
            Safetensors.write(folder.resolve(EXTRA), parameters, METADATA);
        }
        Optional<Adapter> adapter = Lora.adapter(decoder, Optional.of("."));
        if (adapter.isPresent()) {
            adapter.get().write(folder);
        }
        for (Path file : contents.tokenizerFiles) {
            Files.copy(file, folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
        json(GENERATION, contents.generationConfig.orElseGet(this::generationConfig));
        contents.more.fill(folder);
        ObjectNode config = ConvertedConfig.write(decoder.config(), decoder.mixerSpecs());
        config.put(config.has("torch_dtype") ? "torch_dtype" : "dtype", typeName(weights));
        json(CONFIG, config);
    }

    private List<StoredTensor> weights() {
        List<StoredTensor> stored = new ArrayList<>();
        decoder.weights()
                .forEach((name, tensor) -> stored.add(contents.base
                        .filter(source -> !contents.trained.contains(name))
                        .map(source -> StoredTensor.of(source, name))
                        .orElseGet(() -> own(name, tensor))));
        return stored;
    }

    private StoredTensor own(String name, Tensor tensor) {
        return StoredTensor.of(name, tensor, contents.trained.contains(name) ? decoder.dtype() : tensor.dtype());
    }

    private void writeWeights(List<StoredTensor> weights) {
        List<List<StoredTensor>> shards = shards(weights);
        if (shards.size() == 1) {
            Safetensors.write(folder.resolve(WEIGHTS), weights, METADATA);
            return;
        }
        ObjectNode index = Json.object();
        index.putObject("metadata")
                .put(
                        "total_size",
                        weights.stream().mapToLong(ModelFolder::bytes).sum());
        ObjectNode map = index.putObject("weight_map");
        for (int i = 0; i < shards.size(); i++) {
            String name = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
            Safetensors.write(folder.resolve(name), shards.get(i), METADATA);
            shards.get(i).forEach(tensor -> map.put(tensor.info().name(), name));
        }
        json(INDEX, index);
    }

    private List<List<StoredTensor>> shards(List<StoredTensor> weights) {
        List<List<StoredTensor>> shards = new ArrayList<>();
        long room = 0;
        for (StoredTensor tensor : weights) {
            if (shards.isEmpty() || bytes(tensor) > room) {
                shards.add(new ArrayList<>());
                room = shardBytes;
            }
            shards.getLast().add(tensor);
            room -= bytes(tensor);
        }
        return shards;
    }

    private static long bytes(StoredTensor tensor) {
        return tensor.info().byteSize();
    }

    /** The type of the weights; of those that were trained, for they are the wider ones. */
    private String typeName(List<StoredTensor> weights) {
        StoredTensor speaks = weights.stream()
                .filter(tensor -> contents.trained.contains(tensor.info().name()))
                .findFirst()
                .orElse(weights.getFirst());
        return switch (speaks.info().type()) {
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            case F64 -> "float64";
            default -> "float32";
        };
    }

    /** The new parameters of all layers, by the names they have in {@code lizard.safetensors}. */
    private Map<String, Tensor> parameters() {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        for (int layer = 0; layer < decoder.layers(); layer++) {
            String prefix = WeightShapes.mixerPrefix(layer);
            decoder.mixer(layer).parameters().forEach((name, tensor) -> parameters.put(prefix + name, tensor));
        }
        return parameters;
    }

    private ObjectNode generationConfig() {
        ObjectNode node = Json.object();
        decoder.config().bosId().ifPresent(id -> node.put("bos_token_id", id));
        List<Integer> eos = decoder.config().eosIds();
        if (eos.size() == 1) {
            node.put("eos_token_id", eos.getFirst());
        } else if (!eos.isEmpty()) {
            eos.forEach(node.putArray("eos_token_id")::add);
        }
        return node;
    }

    private void json(String name, ObjectNode node) {
        AtomicFiles.write(folder.resolve(name), (Json.pretty(node) + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
