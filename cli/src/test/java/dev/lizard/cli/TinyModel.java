package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.model.Decoder;
import dev.lizard.model.Lora;
import dev.lizard.model.LoraSpec;
import dev.lizard.model.ModelConfig;
import dev.lizard.model.ModelFolder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** Folders with small random byte models. */
final class TinyModel {
    private static final List<String> SPECIALS = List.of("<|end|>", "<|user|>", "<|assistant|>", "<|system|>");
    private static final String TEMPLATE = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>"
            + "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";

    private TinyModel() {}

    /** A softmax teacher. */
    static Path teacher(Path folder) throws IOException {
        return write(folder, false);
    }

    /** Its second layer is converted, and there is an adapter that matters. */
    static Path converted(Path folder) throws IOException {
        return write(folder, true);
    }

    /** As {@link #converted}, and the weights whose names have {@code part} are others than the teacher's. */
    static Path trained(Path folder, String part) throws IOException {
        return write(folder, true, part);
    }

    private static Path write(Path folder, boolean converted) throws IOException {
        return write(folder, converted, "none");
    }

    private static Path write(Path folder, boolean converted, String trained) throws IOException {
        String text = """
            {"model_type": "llama", "vocab_size": 260, "hidden_size": 32, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 48, "rms_norm_eps": 1e-5,
             "max_position_embeddings": 4096, "tie_word_embeddings": true, "eos_token_id": 256}\
            """;
        ModelConfig config =
                ModelConfig.of((ObjectNode) Json.parse(text, "tiny.json", LizardException.Kind.INPUT), "tiny.json");
        try (Decoder decoder = Decoder.random(config, new RandomStream(3), DType.FLOAT32, Device.CPU);
                Scope work = Scope.open()) {
            decoder.weights().forEach((name, weight) -> {
                if (!name.contains("norm")) {
                    weight.mul_(6); // so that every layer matters
                }
            });
            RandomStream moves = new RandomStream(9);
            decoder.weights().forEach((name, weight) -> {
                if (name.contains(trained)) {
                    float[] steps = moves.normal(Math.toIntExact(weight.count()), 0.02);
                    weight.add_(Tensors.of(steps, weight.shape()));
                }
            });
            if (converted) {
                convert(decoder);
            }
            ModelFolder.write(folder, decoder, ModelFolder.Contents.none());
        }
        try (Tokenizer tokenizer = ByteTokenizer.open(SPECIALS)) {
            tokenizer.writeTo(folder);
        }
        Files.writeString(folder.resolve("chat_template.jinja"), TEMPLATE);
        return folder;
    }

    private static void convert(Decoder decoder) {
        LizardSpec spec = new LizardSpec(LizardSpec.Variant.JOINT, 8, 8, 2, 4, 64, LizardSpec.Branches.BOTH);
        Map<String, Tensor> parameters = new HashMap<>();
        spec.initial(decoder.headDims(), new RandomStream(5)).forEach(p -> parameters.put(p.name(), p.initial()));
        decoder.replaceMixer(1, spec.create(decoder.headDims(), parameters));
        LoraSpec lora = new LoraSpec(2, 4, List.of("q_proj", "v_proj"));
        Map<String, Tensor> factors = new HashMap<>();
        RandomStream random = new RandomStream(7);
        Lora.initial(decoder, lora, random, "lora").forEach(entry -> {
            Tensor factor = entry.initial();
            float[] values = random.normal(Math.toIntExact(factor.count()), 0.1);
            factors.put(entry.name(), factor.add(Tensors.of(values, factor.shape())));
        });
        Lora.attach(decoder, lora, factors);
    }
}
