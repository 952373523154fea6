package dev.lizard.serve;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.model.Decoder;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Tokenizer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** A small random model of bytes, and all it takes to serve it. */
public final class ByteModel implements AutoCloseable {
    static final int END = 256;
    static final int VOCABULARY = 260;
    static final int CONTEXT = 4_096;

    private static final List<String> SPECIALS = List.of("<|end|>", "<|user|>", "<|assistant|>", "<|system|>");
    private static final String TEMPLATE = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>"
            + "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";

    static {
        Engine.threads(1); // these models are too small to share
    }

    public final Decoder decoder;
    final Tokenizer tokenizer = ByteTokenizer.open(SPECIALS);

    /** A softmax teacher, or what it becomes with Lizard's mixer in all layers. */
    public ByteModel(boolean converted) {
        String text = """
            {"model_type": "llama", "vocab_size": 260, "hidden_size": 32, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 48, "rms_norm_eps": 1e-5,
             "max_position_embeddings": 4096, "tie_word_embeddings": true, "eos_token_id": 256}\
            """;
        ModelConfig config =
                ModelConfig.of((ObjectNode) Json.parse(text, "tiny.json", LizardException.Kind.INPUT), "tiny.json");
        decoder = Decoder.random(config, new RandomStream(3), DType.FLOAT32, Device.CPU);
        try (Scope work = Scope.open()) {
            decoder.weights().forEach((name, weight) -> {
                if (!name.contains("norm")) {
                    weight.mul_(8); // so that every layer matters
                }
            });
            for (int layer = 0; converted && layer < decoder.layers(); layer++) {
                convert(layer);
            }
        }
    }

    private void convert(int layer) {
        MixerSpec spec = new LizardSpec(LizardSpec.Variant.JOINT, 8, 8, 2, 4, 64, LizardSpec.Branches.BOTH);
        Map<String, Tensor> parameters = new HashMap<>();
        spec.initial(decoder.headDims(), RandomStream.named(3, "layer " + layer))
                .forEach(parameter -> parameters.put(parameter.name(), decoder.own(parameter.initial())));
        decoder.replaceMixer(layer, spec.create(decoder.headDims(), parameters));
    }

    Served served() {
        return served(TEMPLATE);
    }

    /** With a template that writes tools and their calls, as Hermes does. */
    Served withTools() {
        return served("{% if tools %}<|system|>{{ tools | tojson }}<|end|>{% endif %}"
                + TEMPLATE.replace(
                        "<|end|>{% endfor %}",
                        "{% for c in m.tool_calls %}<tool_call>{{ c.function.arguments.items() | list }}</tool_call>{%"
                                + " endfor %}<|end|>{% endfor %}"));
    }

    private Served served(String template) {
        return new Served(
                "tiny",
                decoder,
                tokenizer,
                ChatTemplate.of(template),
                List.of(END),
                CONTEXT,
                tokens -> 1_000,
                tokens -> 256 * tokens,
                Scope::liveTensors);
    }

    @Override
    public void close() {
        decoder.close();
        tokenizer.close();
    }
}
