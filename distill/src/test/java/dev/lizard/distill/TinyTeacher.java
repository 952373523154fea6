package dev.lizard.distill;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.Origin;
import dev.lizard.model.Decoder;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.text.synthetic.Stories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** A teacher of two layers that has read some stories, and stories to linearize it with. */
final class TinyTeacher {
    static final String RECIPE = """
        name: tiny
        mixer: {mixer: lizard, window: 8, features: 8, meta: 2, shortest_half_life: 4, longest_half_life: 64}
        sequence_length: 64
        batch: 4
        held_out: {share: 0.2, tokens: 1024}
        stages:
          - name: transfer
            loss: {type: attention-output}
            train: {mixer: all}
            tokens: 10000
            learning_rate: 1e-2
            groups: {gate: {rate: 5}}
            checkpoint_every: 16
          - name: finetune
            loss: {type: next-token}
            train: {mixer: [maps], lora: {rank: 4, alpha: 8}}
            tokens: 7000
            learning_rate: 5e-3
            checkpoint_every: 16
        """;

    /** The same as version 0.1 spelt it. */
    static final String OLD_RECIPE = """
        name: tiny
        mixer: {mixer: lizard, window: 8, features: 8, meta: 2, shortest_half_life: 4, longest_half_life: 64}
        sequence_length: 64
        batch: 4
        held_out: {share: 0.2, tokens: 1024}
        stages:
          - name: transfer
            loss: attention-mse
            trains: [all]
            tokens: 10000
            learning_rate: 1e-2
            group_rates: {gate: 5}
            checkpoint_every: 16
          - name: finetune
            loss: next-token
            trains: [maps, lora]
            lora: {rank: 4, alpha: 8}
            tokens: 7000
            learning_rate: 5e-3
            checkpoint_every: 16
        """;

    private TinyTeacher() {}

    /** A Llama of these sizes; see the names of a config.json. */
    static ModelConfig config(int vocabulary, int hidden, int layers, int heads, int keyHeads, int intermediate) {
        ObjectNode node = Json.object();
        node.put("model_type", "llama")
                .put("vocab_size", vocabulary)
                .put("hidden_size", hidden)
                .put("num_hidden_layers", layers)
                .put("num_attention_heads", heads)
                .put("num_key_value_heads", keyHeads)
                .put("intermediate_size", intermediate)
                .put("max_position_embeddings", 4096)
                .put("rms_norm_eps", 1e-5)
                .put("tie_word_embeddings", true);
        return ModelConfig.of(node, "the test");
    }

    /** Of the teacher's width, with random weights, float32 on the CPU. */
    static Decoder untaught(int vocabulary, int layers) {
        return Decoder.random(config(vocabulary, 32, layers, 4, 2, 64), new RandomStream(2), DType.FLOAT32, Device.CPU);
    }

    static ConfigTree tree(String yaml) {
        return ConfigTree.parse(yaml, new Origin(Origin.Layer.RECIPE, "tiny.yaml"));
    }

    /** Trains it for {@code steps} steps and writes it below {@code folder}. */
    static Path write(Path folder, int steps) {
        String yaml = """
            model:
              hidden_size: 32
              num_hidden_layers: 2
              num_attention_heads: 4
              num_key_value_heads: 2
              intermediate_size: 64
              tie_word_embeddings: true
            sequence_length: 128
            batch: 4
            learning_rate: 1e-2
            checkpoint_every: 0
            synthetic: {stories: 1, passkey: 0, key_values: 0}
            steps: %d
            """.formatted(steps);
        Pretrainer.Options options = new Pretrainer.Options(
                List.of(),
                folder.resolve("teacher"),
                folder.resolve("cache"),
                Device.CPU,
                DType.FLOAT32,
                DType.FLOAT32,
                false);
        return new Pretrainer(tree(yaml), "teacher.yaml", options, TrainListener.NONE).run(() -> false);
    }

    /** A folder of story files. */
    static Path stories(Path folder, int files) throws IOException {
        Path data = Files.createDirectories(folder.resolve("stories"));
        for (int i = 0; i < files; i++) {
            String text = new Stories().beginning(1500, RandomStream.named(11, "file/" + i));
            Files.writeString(data.resolve("%03d.txt".formatted(i)), text);
        }
        return data;
    }

    static LinearizeOptions options(Path folder, String out, boolean resume) {
        return new LinearizeOptions(
                folder.resolve("teacher"),
                List.of(folder.resolve("stories")),
                List.of(),
                folder.resolve(out),
                folder.resolve("cache"),
                Device.CPU,
                DType.FLOAT32,
                folder::resolve,
                resume,
                "test",
                List.of("linearize", "--test"));
    }
}
