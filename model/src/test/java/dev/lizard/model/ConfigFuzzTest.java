package dev.lizard.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.FuzzFolder;
import dev.lizard.base.fuzz.Mutator;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.WindowSpec;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Configs of all families and of converted models: alone, and with the weights they belong to. */
class ConfigFuzzTest extends FuzzContract {
    private static final String CONFIG = "config.json";
    private static final List<MixerSpec> MIXERS = List.of(
            new LizardSpec(LizardSpec.Variant.JOINT, 4, 8, 2, 4, 32, LizardSpec.Branches.BOTH), new WindowSpec(8, 2));

    @TempDir
    Path temp = Path.of(".");

    private FuzzFolder folder = new FuzzFolder(temp);

    @Override
    public String name() {
        return "config";
    }

    @Override
    public List<Map<String, byte[]>> samples() throws IOException {
        folder = new FuzzFolder(temp);
        List<Map<String, byte[]>> samples = new ArrayList<>();
        for (Family family : Family.values()) {
            samples.add(alone(TinyModels.config(family)));
            samples.add(alone(rich(family)));
            samples.add(alone(ConvertedConfig.write(TinyModels.parsed(TinyModels.config(family)), MIXERS)));
        }
        samples.add(converted());
        return samples;
    }

    private static Map<String, byte[]> alone(ObjectNode config) {
        return Map.of(CONFIG, config.toString().getBytes(UTF_8));
    }

    /** With what makers' configs have beside the keys that everything needs. */
    private static ObjectNode rich(Family family) {
        ObjectNode config = TinyModels.config(family);
        config.put("head_dim", 8)
                .put("hidden_act", "silu")
                .put("rope_theta", 10000.0)
                .put("attention_bias", false);
        config.put("torch_dtype", "bfloat16").put("use_cache", true).put("attention_dropout", 0.0);
        config.put("sliding_window", 64).put("use_sliding_window", false).put("max_window_layers", 2);
        config.put("initializer_range", 0.02)
                .put("transformers_version", "4.57.0")
                .put("pretraining_tp", 1);
        config.putObject("rope_scaling")
                .put("rope_type", "llama3")
                .put("factor", 8.0)
                .put("low_freq_factor", 1.0)
                .put("high_freq_factor", 4.0)
                .put("original_max_position_embeddings", 64);
        config.putArray("architectures").add("X");
        return config;
    }

    /** A whole converted folder. */
    private Map<String, byte[]> converted() throws IOException {
        Path whole = temp.resolve("whole");
        try (Scope work = Scope.open();
                Decoder decoder = TinyModels.random(TinyModels.config(Family.QWEN3), DType.FLOAT32)) {
            RandomStream random = new RandomStream(8);
            Map<String, Tensor> parameters = new HashMap<>();
            for (MixerSpec.Parameter p : MIXERS.getFirst().initial(decoder.headDims(), random)) {
                parameters.put(p.name(), decoder.own(p.initial()));
            }
            decoder.replaceMixer(1, MIXERS.getFirst().create(decoder.headDims(), parameters));
            ModelFolder.write(whole, decoder, ModelFolder.Contents.none());
        }
        return FuzzFolder.read(whole);
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        if (sample.size() > 1 && mutator.random().nextInt(3) == 0) {
            return mutator.files(sample);
        }
        Map<String, byte[]> files = new HashMap<>(sample);
        files.computeIfPresent(CONFIG, mutator::file);
        return files;
    }

    @Override
    public void read(Map<String, byte[]> input) throws IOException {
        if (input.containsKey("model.safetensors") || !input.containsKey(CONFIG)) {
            open(folder.with(input));
            return;
        }
        String text = new String(Objects.requireNonNull(input.get(CONFIG)), UTF_8);
        JsonNode root = Json.parse(text, CONFIG, LizardException.Kind.INPUT);
        if (root instanceof ObjectNode config) {
            ModelConfig.of(config, CONFIG).mixerSpecs(CONFIG);
        }
    }

    /** As a session begins: what the config allows is allocated, and two tokens are read. */
    private static void open(Path folder) {
        try (Scope work = Scope.open();
                OpenModel model = Models.open(folder, DType.FLOAT32, Device.CPU);
                DecoderState state = model.decoder().newState(1)) {
            model.decoder().advance(Tensors.of(new long[] {1, 2}, 1, 2), state);
        }
    }

    @Override
    public long alive() {
        return Scope.liveTensors();
    }
}
