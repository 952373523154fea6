package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException.Kind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files of a folder are read, whatever their index says. */
class FolderWeightsTest {
    private static final String INDEX = "model.safetensors.index.json";

    @TempDir
    Path folder = Path.of(".");

    @BeforeEach
    void config() throws IOException {
        put("config.json", "{}");
    }

    private void put(String name, String content) throws IOException {
        Files.writeString(folder.resolve(name), content);
    }

    /** Tensors of one number each: {@code a=1}. */
    private void shard(String name, String... tensors) {
        List<StoredTensor> stored = new ArrayList<>();
        for (String tensor : tensors) {
            String[] pair = tensor.split("=", -1);
            stored.add(new StoredTensor(
                    new TensorInfo(pair[0], StoredType.F32, List.of(1L)),
                    () -> MemorySegment.ofArray(new float[] {Float.parseFloat(pair[1])})));
        }
        Safetensors.write(folder.resolve(name), stored, Map.of());
    }

    private void refused(String... texts) {
        Errors.refused(Kind.INPUT, () -> Checkpoint.open(folder).close(), texts);
    }

    private void reads(String name, float value) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.weights().readFloat32(name)).containsExactly(value);
        }
    }

    private List<String> notes() {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return checkpoint.notes();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'../x.safetensors'",
                "'/tmp/x.safetensors'",
                "'sub/x.safetensors'",
                "'a\\\\b.safetensors'",
                "'C:\\\\x.safetensors'",
                "'a\\u0000.safetensors'",
                "'m\\ud825x.safetensors'",
                "'folder.safetensors'",
                "'config.json'",
                "'.'",
                "'..'",
                "''",
                "null",
                "3",
                "['a.safetensors']"
            })
    void fileNamesOfTheIndexAreThoseOfShardsBesideIt(String name) throws IOException {
        Files.createDirectory(folder.resolve("folder.safetensors"));
        put(INDEX, "{\"weight_map\":{\"w\":" + name.replace('\'', '"') + "}}");
        refused(folder.resolve(INDEX) + "/weight_map/w", "bad file name", "a .safetensors file in the same folder");
    }

    @Test
    void anIndexWithoutAMapIsRefused() throws IOException {
        put(INDEX, "{\"weight_map\":3}");
        refused("index.json/weight_map", "a number");
        put(INDEX, "{\"weight_map\":{}}");
        refused("index.json/weight_map", "an empty one");
        put(INDEX, "{\"weight_map\":{\"w\":\"a.safetensors\"}}");
        refused("index.json/weight_map/w", "missing shard", "a.safetensors");
        Files.createSymbolicLink(folder.resolve("a.safetensors"), folder.resolve("nowhere"));
        refused("index.json/weight_map/w", "missing shard", "a.safetensors");
    }

    @Test
    void theShardsTellWhatTheyHold() throws IOException {
        put(INDEX, """
            {"weight_map":{"here":"a.safetensors","moved":"a.safetensors","gone":"b.safetensors"}}\
            """);
        shard("a.safetensors", "here=1", "unlisted=2");
        shard("b.safetensors", "moved=3");
        reads("here", 1);
        reads("unlisted", 2);
        reads("moved", 3);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.weights().names()).containsExactly("here", "unlisted", "moved");
            assertThat(checkpoint.contentFiles())
                    .extracting(f -> f.getFileName().toString())
                    .containsExactly("config.json", INDEX, "a.safetensors", "b.safetensors");
            Errors.refused(
                    Kind.INPUT,
                    () -> checkpoint.weights().readFloat32("gone"),
                    INDEX + "/gone",
                    "missing tensor",
                    "3 other tensors");
        }
    }

    @Test
    void aTensorInTwoShardsMustBeTheSame() throws IOException {
        put(INDEX, "{\"weight_map\":{\"w\":\"b.safetensors\",\"v\":\"a.safetensors\"}}");
        shard("a.safetensors", "w=1", "v=2");
        shard("b.safetensors", "w=1");
        reads("w", 1);
        shard("b.safetensors", "w=5");
        reads("v", 2);
        Errors.refused(
                Kind.INPUT, () -> reads("w", 1), "tensor in two shards", "b.safetensors/w", "others in a.safetensors");
    }

    @Test
    void theWholeFileWinsOverAStaleIndex() throws IOException {
        put(INDEX, "{\"weight_map\":{\"w\":\"gone.safetensors\"}}");
        shard("model.safetensors", "w=7");
        reads("w", 7);
        assertThat(notes())
                .singleElement()
                .asString()
                .contains("model.safetensors is read", INDEX + " beside it is not");
    }

    @Test
    void aWholeSetOfShardsNeedsNoIndex() {
        shard("model-00001-of-00002.safetensors", "a=1");
        refused("expected " + INDEX, "download the index and all shards");
        shard("model-00002-of-00002.safetensors", "b=2");
        reads("a", 1);
        reads("b", 2);
        assertThat(notes()).singleElement().asString().contains("2 shards are read without " + INDEX);
    }

    @Test
    void theOneFileThatIsThereIsRead() {
        shard("model.fp16.safetensors", "a=4");
        reads("a", 4);
        assertThat(notes()).singleElement().asString().contains("model.fp16.safetensors is read");
        shard("model.fp32.safetensors", "a=5");
        refused("cannot find weights", "model.fp16.safetensors", "rename the file to be read to model.safetensors");
    }

    @Test
    void weightsInAnotherFormAreNamed() throws IOException {
        shard("consolidated.safetensors", "tok_embeddings.weight=1");
        refused("convert consolidated.safetensors with transformers");
        Files.delete(folder.resolve("consolidated.safetensors"));
        put("pytorch_model.bin", "");
        refused("save the model as safetensors first: pytorch_model.bin is not read");
        Files.createDirectory(folder.resolve("model.safetensors"));
        refused("save the model as safetensors first");
    }

    @Test
    void aLoneAdapterFileIsNotUsedAndThatIsSaid() {
        shard("model.safetensors", "a=4");
        shard("adapter_model.safetensors", "a=4");
        assertThat(notes()).singleElement().asString().contains("adapter_model.safetensors is not used");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "|lm_head.",
                "model.|lm_head.",
                "model.|model.lm_head.",
                "language_model.model.|language_model.lm_head.",
                "model.language_model.|lm_head.",
                "transformer.|lm_head.",
                "base_model.model.model.|base_model.model.lm_head.",
                "module.model.|module.lm_head.",
                "_orig_mod.model.|_orig_mod.lm_head."
            })
    void namesAreThoseOfTransformersWhateverStandsBeforeThem(String prefixes) {
        String model = prefixes.substring(0, prefixes.indexOf('|'));
        String head = prefixes.substring(prefixes.indexOf('|') + 1);
        shard(
                "model.safetensors",
                model + "embed_tokens.weight=1",
                model + "layers.0.input_layernorm.weight=2",
                model + "norm.weight=3",
                head + "weight=4",
                "vision_tower.patch=5");
        reads("model.embed_tokens.weight", 1);
        reads("model.layers.0.input_layernorm.weight", 2);
        reads("model.norm.weight", 3);
        reads("lm_head.weight", 4);
        boolean usual = model.isEmpty() || model.equals("model.");
        assertThat(notes()).hasSize(usual ? 0 : 1).allMatch(note -> note.contains("under " + model));
    }

    @Test
    void severalModelsInOneAreRefused() {
        shard(
                "model.safetensors",
                "a.embed_tokens.weight=1",
                "a.layers.0.input_layernorm.weight=1",
                "b.embed_tokens.weight=1",
                "b.layers.0.input_layernorm.weight=1");
        refused("several models in one", "a., b.");
        shard("model.safetensors", "tok_embeddings.weight=1");
        refused("model.safetensors/tok_embeddings.weight", "unsupported layout", "convert the checkpoint");
    }
}
