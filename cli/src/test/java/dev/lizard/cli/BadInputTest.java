package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything that is commonly wrong with files and settings: one clear line, the right exit code, nothing lost. */
class BadInputTest {
    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final int INPUT = 3;
    private static final int ENVIRONMENT = 4;

    @TempDir
    Path temp;

    private final Terminal terminal = new Terminal();
    private Path model;
    private Path weights;
    private Path data;

    @BeforeEach
    void model() throws IOException {
        terminal.with("LIZARD_CACHE", temp.resolve("cache").toString());
        model = TinyModel.teacher(temp.resolve("model"));
        weights = model.resolve("model.safetensors");
        data = temp.resolve("data.txt");
        Files.writeString(data, "It was the best of times, it was the worst of times.\n\n".repeat(100));
    }

    /** Runs and expects this exit code and one line with all of {@code parts}. */
    private void refused(int code, List<String> args, String... parts) {
        List<String> all = new ArrayList<>(args);
        if (args.stream().noneMatch(arg -> arg.startsWith("--device"))) {
            all.add("--device=cpu");
        }
        all.addAll(List.of("--threads=1", "--quiet"));
        assertThat(terminal.run(all.toArray(String[]::new))).as(terminal.err()).isEqualTo(code);
        assertThat(terminal.err().lines()).as(terminal.err()).hasSize(1);
        assertThat(terminal.err()).startsWith("lizard: ").contains(parts).contains(";");
    }

    private List<String> generate(Path from) {
        return List.of("generate", "--model=" + from, "--prompt=a", "--max-tokens=1");
    }

    private List<String> linearize(String... more) {
        List<String> args = new ArrayList<>(List.of("linearize", "--model=" + model, "--out=" + temp.resolve("out")));
        if (Arrays.stream(more).noneMatch(arg -> arg.startsWith("--data"))) {
            args.add("--data=" + data);
        }
        if (Arrays.stream(more).noneMatch(arg -> arg.startsWith("--seq-len"))) {
            args.add("--seq-len=32");
        }
        args.addAll(List.of("--stage1-tokens=512", "--stage2-tokens=512"));
        args.addAll(List.of(more));
        return args;
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 0x20;
        Files.write(file, bytes);
    }

    private static byte[] little(int size, Object... values) {
        ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        for (Object value : values) {
            switch (value) {
                case Long number -> buffer.putLong(number);
                case Integer number -> buffer.putInt(number);
                case String text -> buffer.put(text.getBytes(StandardCharsets.US_ASCII));
                default -> throw new IllegalArgumentException(value.toString());
            }
        }
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    private static byte[] safetensors(String header, int payload) {
        return little(8 + header.length() + payload + 8, (long) header.length(), header, "x".repeat(payload));
    }

    @Test
    void missingFile() {
        refused(INPUT, generate(temp.resolve("none.gguf")), "none.gguf", "check the path");
    }

    @Test
    void truncatedSafetensors() throws IOException {
        byte[] bytes = Files.readAllBytes(weights);
        Files.write(weights, Arrays.copyOf(bytes, bytes.length / 2));
        refused(INPUT, generate(model), "model.safetensors");
    }

    @Test
    void bitFlippedSafetensors() throws IOException {
        flip(weights, 8);
        refused(INPUT, generate(model), "model.safetensors");
    }

    @Test
    void bitFlippedPartOfAConvertedFolder() throws IOException {
        Path converted = TinyModel.converted(temp.resolve("converted"));
        Path part = converted.resolve("lizard.safetensors");
        flip(part, 20);
        refused(INPUT, generate(converted), "lizard.safetensors");
    }

    @Test
    void headerLengthOf2To60() throws IOException {
        Files.write(weights, little(64, 1L << 60, "{}"));
        refused(INPUT, generate(model), "model.safetensors", "header");
    }

    @Test
    void overlappingTensors() throws IOException {
        String one = "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[%d,%d]}";
        String header = "{\"a\":" + one.formatted(0, 8) + ",\"b\":" + one.formatted(4, 12) + "}";
        Files.write(weights, safetensors(header, 12));
        refused(INPUT, generate(model), "model.safetensors", "overlap");
    }

    @Test
    void missingShard() throws IOException {
        Files.move(weights, model.resolve("model-00001-of-00002.safetensors"));
        Files.writeString(
                model.resolve("model.safetensors.index.json"),
                "{\"weight_map\":{\"model.norm.weight\":\"model-00002-of-00002.safetensors\"}}");
        refused(INPUT, generate(model), "model-00002-of-00002.safetensors");
    }

    private void config(String from, String to) throws IOException {
        Path config = model.resolve("config.json");
        String text = Files.readString(config);
        String changed = text.replaceAll(from, to);
        assertThat(changed).isNotEqualTo(text);
        Files.writeString(config, changed);
    }

    @Test
    void shapeThatDisagreesWithTheConfig() throws IOException {
        config("\"intermediate_size\"\\s*:\\s*48", "\"intermediate_size\": 64");
        refused(INPUT, generate(model), "mlp", "64", "48");
    }

    @Test
    void unknownFamily() throws IOException {
        config("\"model_type\"\\s*:\\s*\"llama\"", "\"model_type\": \"bert\"");
        refused(INPUT, generate(model), "config.json", "bert", "llama");
    }

    @Test
    void tokenizerOfAnotherVocabulary() throws IOException {
        List<String> specials =
                IntStream.range(0, 9).mapToObj(i -> "<|" + i + "|>").toList();
        try (Tokenizer tokenizer = ByteTokenizer.open(specials)) {
            tokenizer.writeTo(model);
        }
        refused(INPUT, generate(model), "tokenizer", "260", "265");
    }

    /** A GGUF file with one tensor of this type and its metadata cut off after {@code length} bytes. */
    private Path gguf(int type, int length) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(little(24, "GGUF", 3, 1L, 1L));
        out.write(little(64, 20L, "general.architecture", 8, 5L, "llama"));
        out.write(little(64, 17L, "token_embd.weight", 1, 256L, type, 0L));
        out.write(new byte[4096]);
        Path file = temp.resolve("m.gguf");
        Files.write(file, Arrays.copyOf(out.toByteArray(), length));
        return file;
    }

    @Test
    void truncatedGguf() throws IOException {
        refused(INPUT, generate(gguf(0, 40)), "m.gguf");
    }

    @Test
    void bitFlippedGguf() throws IOException {
        Path file = gguf(0, 200);
        flip(file, 1);
        refused(INPUT, generate(file), "m.gguf", "GGUF");
    }

    @Test
    void unsupportedQuantisation() throws IOException {
        refused(INPUT, generate(gguf(16, 4200)), "m.gguf", "token_embd.weight", "IQ2_XXS");
    }

    @Test
    void emptyData() throws IOException {
        Files.writeString(data, "");
        refused(INPUT, linearize(), "data.txt", "empty");
    }

    @Test
    void binaryData() throws IOException {
        Files.write(data, new byte[] {0, 1, 2, (byte) 0xff, (byte) 0xfe, 0, 0, 9});
        refused(INPUT, linearize(), "data.txt", "UTF-8");
    }

    @Test
    void unknownKeyInARecipe() throws IOException {
        Path recipe = temp.resolve("mine.yaml");
        Files.writeString(recipe, "name: mine\nsequence_lenght: 5\nmixer: {mixer: lizard}\nstages: [{}, {}]\n");
        refused(USAGE, linearize("--recipe=" + recipe), "mine.yaml", "sequence_lenght", "sequence_length");
    }

    @Test
    void loraTargetThatDoesNotExist() {
        refused(USAGE, linearize("--set=stages.1.lora.targets=[q_porj]"), "q_porj", "q_proj");
    }

    @Test
    void sequenceLongerThanTheData() {
        refused(USAGE, linearize("--seq-len=100000"), "100000");
    }

    @Test
    void outputFolderInUse() throws IOException {
        Path out = Files.createDirectories(temp.resolve("out"));
        Files.writeString(out.resolve("precious.txt"), "mine");
        refused(USAGE, linearize(), "out", "--resume");
        assertThat(out.resolve("precious.txt")).hasContent("mine");
    }

    @Test
    void outputBelowAFile() {
        refused(
                ENVIRONMENT,
                List.of("linearize", "--model=" + model, "--data=" + data, "--out=" + data.resolve("out")),
                "data.txt");
    }

    @Test
    void cudaWhereThereIsNone() {
        refused(
                ENVIRONMENT,
                Stream.concat(generate(model).stream(), Stream.of("--device=cuda:63"))
                        .toList(),
                "cuda");
    }

    @Test
    void divergence() throws IOException {
        refused(FAILED, linearize("--set=stages.0.learning_rate=1e30", "--set=batch=2"), "layer 0");
        assertThat(temp.resolve("out/log.jsonl")).isNotEmptyFile();
    }
}
