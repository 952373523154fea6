package dev.lizard.distill;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.FolderLock;
import dev.lizard.checkpoint.Safetensors;
import dev.lizard.model.Decoder;
import dev.lizard.model.Family;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.Tokenizers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Trains a small decoder from scratch and writes it as a Hugging Face folder. All weights lie in one float32 buffer;
 * with {@code bfloat16} they are rounded at each use, so that the optimiser's small steps are not lost.
 */
public final class Pretrainer {
    static final String CONFIG = "pretrain.yaml";
    private static final String STAGE = "pretrain";
    private static final String MATRICES = "matrices";
    private static final String VECTORS = "vectors";
    private static final long HELD_OUT_TOKENS = 1L << 16;
    private static final int HELD_OUT_SEQUENCES = 32;

    /**
     * Where and on what a run happens.
     *
     * @param data files and folders of the corpus; may be empty where the mix is all synthetic
     * @param out the folder to write
     * @param cache where tokens are kept
     * @param device that computes
     * @param compute type of activations, float32 or bfloat16
     * @param save type of the written weights
     * @param resume whether to go on with what is in {@code out}
     */
    public record Options(
            List<Path> data, Path out, Path cache, Device device, DType compute, DType save, boolean resume) {
        public Options {
            data = List.copyOf(data);
        }
    }

    private final PretrainConfig config;
    private final ObjectNode resolved;
    private final String where;
    private final Options options;
    private final TrainListener listener;

    /**
     * @param tree the configuration, bound strictly to {@link PretrainConfig}
     * @param where its file, for messages about the model's keys
     * @throws LizardException USAGE for a bad configuration
     */
    public Pretrainer(ConfigTree tree, String where, Options options, TrainListener listener) {
        this.config = tree.bind(PretrainConfig.class);
        this.resolved = Resolved.tree(tree, PretrainConfig.class);
        this.where = where;
        this.options = options;
        this.listener = listener;
        ModelConfig.requireKnown(config.model(), key -> tree.place("model." + key));
        if (options.data().isEmpty() && config.synthetic() == null) {
            throw LizardException.usage("nothing to train on: give --data, or a synthetic section in " + where);
        }
        if (!options.data().isEmpty() && config.corpusWeight() == 0) {
            throw LizardException.usage(
                    "--data has no effect while corpus_weight is 0 in %s; leave one of them out".formatted(where));
        }
        if (options.data().isEmpty() && config.heldOut() != PretrainConfig.HELD_OUT) {
            throw LizardException.usage(
                    "held_out in %s has no effect without --data; give it, or take the key out".formatted(where));
        }
        if (options.data().isEmpty() && config.corpusWeight() != 1) {
            throw LizardException.usage(
                    "corpus_weight in %s has no effect without --data; give it, or take the key out".formatted(where));
        }
    }

    /**
     * Trains to the end and writes the folder.
     *
     * @param stop asked after each step
     * @return the folder
     * @throws LizardException INTERRUPTED when asked to stop, with the state saved; FAILED when training diverged
     */
    public Path run(BooleanSupplier stop) {
        if (options.resume() && Files.exists(options.out().resolve("config.json"))) {
            listener.note(options.out() + " is complete: nothing to resume");
            return options.out();
        }
        try (FolderLock lock = RunFolder.lock(options.out(), options.resume());
                Scope work = Scope.open();
                Tokenizer tokenizer = tokenizer();
                Data data = fitting(tokenizer, stop);
                RunFolder run =
                        RunFolder.open(options.out(), options.resume(), CONFIG, resolved, stored -> stored, listener);
                Decoder decoder = decoder(tokenizer);
                ParameterBuffer parameters = parameters(decoder)) {
            train(decoder, parameters, data, run, stop);
            write(decoder, tokenizer);
            RunFolder.discardCheckpoints(options.out(), listener);
        }
        return options.out();
    }

    private void train(Decoder decoder, ParameterBuffer parameters, Data data, RunFolder run, BooleanSupplier stop) {
        TrainSettings settings = new TrainSettings(
                STAGE,
                config.batch(),
                config.accumulate(),
                config.steps(),
                config.learningRate(),
                config.schedule(),
                new AdamW.Settings(config.betas().get(0), config.betas().get(1), config.epsilon()),
                Keys.limit(config.clip()),
                config.checkpointEvery(),
                config.measureEvery(),
                0);
        Trainer.Measure measure = (stage, step) -> data.heldOut().stream()
                .map(heldOut -> heldOut.measure(decoder, stage, step, "held out"))
                .toList();
        NextToken objective = new NextToken(decoder, parameters);
        try (Trainer trainer =
                new Trainer(objective, data.training(), settings, run.log(), run.checkpoints(), listener, measure)) {
            run.last().ifPresent(trainer::restore);
            trainer.run(stop);
        }
    }

    private Tokenizer tokenizer() {
        String folder = config.tokenizer();
        if (folder != null) {
            return Tokenizers.open(Path.of(folder));
        }
        try {
            return ByteTokenizer.open(config.specials());
        } catch (IllegalArgumentException e) {
            throw LizardException.usage("bad value in %s/specials: %s; choose other texts, such as <|end|>"
                    .formatted(where, e.getMessage()));
        }
    }

    /** Training and held-out sequences, and what must be closed after them. */
    private record Data(SequenceSource training, Optional<HeldOut> heldOut, Optional<TrainingData> corpus)
            implements AutoCloseable {
        @Override
        public void close() {
            corpus.ifPresent(TrainingData::close);
        }
    }

    private Data data(Tokenizer tokenizer, BooleanSupplier stop) {
        Optional<SyntheticSource> synthetic = synthetic();
        if (options.data().isEmpty()) {
            SequenceSource only = synthetic.orElseThrow();
            Optional<HeldOut> unseen = synthetic.map(
                    source -> new HeldOut(source.withSeed(config.seed() + 1), HELD_OUT_SEQUENCES, config.batch()));
            return new Data(only, unseen, Optional.empty());
        }
        TrainingData.Request request = new TrainingData.Request(
                options.data(),
                List.of(),
                options.cache(),
                config.sequenceLength(),
                false,
                config.sequenceLength(),
                config.heldOut(),
                config.seed());
        TrainingData corpus = TrainingData.open(request, tokenizer, Optional.empty(), listener, stop);
        List<MixedSource.Part> parts = new ArrayList<>();
        parts.add(new MixedSource.Part(corpus.training(true), config.corpusWeight()));
        PretrainConfig.Synthetic settings = config.synthetic();
        if (settings != null && synthetic.isPresent()) {
            parts.add(new MixedSource.Part(synthetic.get(), settings.weight()));
        }
        SequenceSource training = parts.size() == 1 ? corpus.training(true) : new MixedSource(parts, config.seed());
        return new Data(training, corpus.heldOut(HELD_OUT_TOKENS, config.batch()), Optional.of(corpus));
    }

    /** What can be known to be too much is said before anything of its size is made. */
    private Data fitting(Tokenizer tokenizer, BooleanSupplier stop) {
        ModelConfig model = model(tokenizer);
        long tokens = (long) config.batch() * config.sequenceLength();
        MemoryNeed need = new MemoryNeed(
                model,
                options.compute(),
                options.device(),
                0,
                List.of(),
                tokens,
                config.sequenceLength(),
                tokens * config.accumulate());
        need.require(STAGE, need.ofNextToken(numbers(model), false));
        Data data = data(tokenizer, stop);
        try {
            if (data.corpus().isPresent() && config.synthetic() == null) {
                long perStep = (long) config.batch() * config.accumulate();
                MemoryNeed.requireSequences(perStep, data.corpus().get().sequences(), config.sequenceLength());
            }
            return data;
        } catch (RuntimeException e) {
            data.close();
            throw e;
        }
    }

    /** Parameters of a model, all but those of norms and biases. */
    private static long numbers(ModelConfig model) {
        long width = model.width();
        long attention = 2 * width * model.headWidth() * ((long) model.heads() + model.keyHeads());
        long layers = model.layers() * (attention + 3 * width * model.mlpWidth());
        return layers + (model.tied() ? 1 : 2) * width * model.vocabSize();
    }

    private Optional<SyntheticSource> synthetic() {
        PretrainConfig.Synthetic settings = config.synthetic();
        return settings == null
                ? Optional.empty()
                : Optional.of(new SyntheticSource(
                        settings.mix(), config.sequenceLength(), config.seed(), settings.answersOnly()));
    }

    private ModelConfig model(Tokenizer tokenizer) {
        ModelConfig model = ModelConfig.of(modelKeys(tokenizer), where + "/model");
        if (model.vocabSize() < tokenizer.vocabSize()) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "vocabulary too small",
                    where + "/model.vocab_size",
                    "at least the tokenizer's " + tokenizer.vocabSize(),
                    model.vocabSize(),
                    "leave the key out");
        }
        return model;
    }

    private Decoder decoder(Tokenizer tokenizer) {
        RandomStream random = RandomStream.named(config.seed(), "weights");
        return Decoder.random(model(tokenizer), random, options.compute(), options.device());
    }

    private ObjectNode modelKeys(Tokenizer tokenizer) {
        ObjectNode keys = config.model().deepCopy();
        putIfAbsent(keys, "vocab_size", tokenizer.vocabSize());
        putIfAbsent(keys, "max_position_embeddings", config.sequenceLength());
        if (!keys.has("model_type")) {
            keys.put("model_type", "llama");
        }
        if (!keys.has("rms_norm_eps")) {
            keys.put("rms_norm_eps", 1e-5);
        }
        if (!keys.has("eos_token_id") && !tokenizer.eosIds().isEmpty()) {
            keys.put("eos_token_id", tokenizer.eosIds().getFirst());
        }
        return keys;
    }

    private static void putIfAbsent(ObjectNode keys, String name, int value) {
        if (!keys.has(name)) {
            keys.put(name, value);
        }
    }

    /** All weights as leaves of one buffer, bound into the decoder; only matrices decay. */
    private ParameterBuffer parameters(Decoder decoder) {
        List<ParameterBuffer.Entry> entries = new ArrayList<>();
        decoder.weights()
                .forEach((name, weight) ->
                        entries.add(new ParameterBuffer.Entry(name, weight, weight.rank() > 1 ? MATRICES : VECTORS)));
        List<ParameterBuffer.Group> groups = List.of(
                new ParameterBuffer.Group(MATRICES, 1, config.weightDecay()), new ParameterBuffer.Group(VECTORS, 1, 0));
        ParameterBuffer parameters = new ParameterBuffer(entries, groups, options.device());
        parameters.parameters().forEach(decoder::bind);
        return parameters;
    }

    /** The configuration last: a folder with one is whole. */
    private void write(Decoder decoder, Tokenizer tokenizer) {
        Path out = options.out();
        Map<String, Tensor> weights = new LinkedHashMap<>();
        try (Scope work = Scope.open()) {
            decoder.weights()
                    .forEach((name, weight) -> weights.put(name, weight.detach().to(options.save())));
            Safetensors.write(out.resolve("model.safetensors"), weights, Map.of("format", "pt"));
        }
        tokenizer.writeTo(out);
        ObjectNode generation = Json.object();
        ArrayNode ends = generation.putArray("eos_token_id");
        tokenizer.eosIds().forEach(ends::add);
        writeJson(out.resolve("generation_config.json"), generation);
        ObjectNode keys = modelKeys(tokenizer);
        keys.put("torch_dtype", options.save() == DType.BFLOAT16 ? "bfloat16" : "float32");
        keys.putArray("architectures").add(architecture(decoder.config().family()));
        writeJson(out.resolve("config.json"), keys);
    }

    /** The class that other programs load such a folder with. */
    private static String architecture(Family family) {
        return switch (family) {
            case LLAMA -> "LlamaForCausalLM";
            case MISTRAL -> "MistralForCausalLM";
            case QWEN2 -> "Qwen2ForCausalLM";
            case QWEN3 -> "Qwen3ForCausalLM";
        };
    }

    private static void writeJson(Path file, ObjectNode node) {
        AtomicFiles.write(file, (Json.pretty(node) + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
