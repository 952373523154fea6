package dev.lizard.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.ModelFiles;
import dev.lizard.checkpoint.TensorInfo;
import dev.lizard.checkpoint.WeightSource;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.model.ModelConfig;
import dev.lizard.model.Models;
import dev.lizard.tensor.DType;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What {@code lizard inspect} reports of a model; written as JSON it is the one object that it promises.
 *
 * @param path what was opened
 * @param family which of the supported families
 * @param converted whether any layer has another mixer than its makers gave it
 * @param shape sizes by the names of {@code config.json}
 * @param parameters numbers in the files: {@code base}, {@code new} (of new mixers), {@code adapter}, {@code total}
 * @param dtypes how the base weights are stored
 * @param tokenizer the tokenizer, or null where it cannot be opened
 * @param mixers the mixer of each layer as in a recipe
 * @param state what must be kept of one sequence, beside what the teacher's key/value cache would be
 * @param stateDtype type of activations that {@code state} is for
 * @param sha256 checksum of all that decides what the model computes
 * @param files these files with their sizes in bytes
 * @param provenance {@code provenance.json} of a converted model
 */
record ModelFacts(
        String path,
        String family,
        boolean converted,
        Map<String, Object> shape,
        Map<String, Long> parameters,
        Map<String, Stored> dtypes,
        @Nullable TokenizerFacts tokenizer,
        List<ObjectNode> mixers,
        List<State> state,
        String stateDtype,
        String sha256,
        Map<String, Long> files,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable JsonNode provenance) {
    static final List<Long> LENGTHS = List.of(1L << 10, 1L << 13, 1L << 16, 1L << 20);

    /** How many tensors are stored in one type, and their bytes. */
    record Stored(long tensors, long bytes) {}

    record TokenizerFacts(
            int vocabSize, @Nullable Integer bosId, List<Integer> eosIds, boolean chatTemplate, String sha256) {}

    /** Bytes kept after so many tokens. */
    record State(long tokens, long bytes, long kvCacheBytes) {}

    /** Reads headers, configs and checksums; no weight is loaded. */
    static ModelFacts of(ModelFiles model, Checkpoint checkpoint, DType dtype) {
        String where = checkpoint.configFile().toString();
        ModelConfig config = Models.config(checkpoint);
        List<MixerSpec> specs = config.mixerSpecs(where);
        Future<String> sha256 = inBackground(checkpoint::sha256);
        return new ModelFacts(
                model.toString(),
                config.family().modelType(),
                !specs.equals(config.softmaxSpecs()),
                shape(config),
                parameters(checkpoint),
                dtypes(checkpoint.weights()),
                tokenizer(model.model()),
                specs.stream().map(MixerSpecs::write).toList(),
                states(config, specs, dtype),
                dtype.name().toLowerCase(Locale.ROOT),
                result(sha256),
                files(checkpoint.contentFiles()),
                provenance(model.student().orElse(model.model())));
    }

    /** Hashing takes as long as all else together. */
    private static <T> FutureTask<T> inBackground(Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    private static <T> T result(Future<T> task) {
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException own ? own : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LizardException(LizardException.Kind.INTERRUPTED, "interrupted", e);
        }
    }

    private static Map<String, Object> shape(ModelConfig config) {
        Map<String, Object> shape = new LinkedHashMap<>();
        shape.put("vocab_size", config.vocabSize());
        shape.put("hidden_size", config.width());
        shape.put("num_hidden_layers", config.layers());
        shape.put("num_attention_heads", config.heads());
        shape.put("num_key_value_heads", config.keyHeads());
        shape.put("head_dim", config.headWidth());
        shape.put("intermediate_size", config.mlpWidth());
        shape.put("max_position_embeddings", config.maxPositions());
        shape.put("tie_word_embeddings", config.tied());
        return shape;
    }

    private static Map<String, Long> parameters(Checkpoint checkpoint) {
        long base = elements(checkpoint.weights());
        long fresh = checkpoint.extra().map(ModelFacts::elements).orElse(0L);
        long adapter = checkpoint
                .adapter()
                .map(a -> a.pairs().values().stream()
                        .mapToLong(pair -> (long) pair.rank() * (pair.in() + pair.out()))
                        .sum())
                .orElse(0L);
        Map<String, Long> parameters = new LinkedHashMap<>();
        parameters.put("base", base);
        parameters.put("new", fresh);
        parameters.put("adapter", adapter);
        parameters.put("total", base + fresh + adapter);
        return parameters;
    }

    private static long elements(WeightSource source) {
        return source.names().stream()
                .mapToLong(name -> source.info(name).elements())
                .sum();
    }

    private static Map<String, Stored> dtypes(WeightSource source) {
        Map<String, Stored> types = new TreeMap<>();
        for (String name : source.names()) {
            TensorInfo info = source.info(name);
            types.merge(
                    info.type().name(),
                    new Stored(1, info.byteSize()),
                    (a, b) -> new Stored(a.tensors + b.tensors, a.bytes + b.bytes));
        }
        return types;
    }

    private static @Nullable TokenizerFacts tokenizer(Path path) {
        try (Tokenizer tokenizer = ModelPlace.openTokenizer(path)) {
            return new TokenizerFacts(
                    tokenizer.vocabSize(),
                    tokenizer.bosId().isPresent() ? tokenizer.bosId().getAsInt() : null,
                    tokenizer.eosIds(),
                    tokenizer.settings().chatTemplate().isPresent(),
                    tokenizer.sha256());
        } catch (LizardException e) {
            if (e.kind() == LizardException.Kind.INPUT) {
                return null; // a model without one can still be inspected
            }
            throw e;
        }
    }

    private static List<State> states(ModelConfig config, List<MixerSpec> specs, DType dtype) {
        List<State> states = new ArrayList<>();
        for (long tokens : LENGTHS) {
            states.add(new State(
                    tokens,
                    MixerSpecs.stateBytes(specs, config.headDims(), dtype, tokens),
                    config.layers() * new SoftmaxSpec().stateBytes(config.headDims(), dtype, tokens)));
        }
        return states;
    }

    private static Map<String, Long> files(List<Path> content) {
        Map<String, Long> files = new LinkedHashMap<>();
        try {
            for (Path file : content) {
                files.put(file.getFileName().toString(), Files.size(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    private static @Nullable JsonNode provenance(Path path) {
        Path file = path.resolve("provenance.json");
        return Files.isRegularFile(file) ? Json.read(file, LizardException.Kind.INPUT) : null;
    }
}
