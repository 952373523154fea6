package dev.lizard.checkpoint;

import dev.lizard.base.fuzz.FuzzContract;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** GGUF files of several families and types, in memory. */
class GgufFuzzTest extends FuzzContract {
    @Override
    public String name() {
        return "gguf";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        return List.of(
                Map.of("m.gguf", build(GgufBuilder.tinyLlama("llama").put("flag", true))),
                Map.of("m.gguf", build(GgufBuilder.tinyLlama("qwen2"))));
    }

    private static byte[] build(GgufBuilder builder) {
        return builder.put("tokenizer.ggml.tokens", List.of("<s>", "a", "b", "\u2581c", "</s>"))
                .tensor("blk.0.ffn_up.weight", List.of(1L, 32L), 8, 608, new byte[34])
                .build();
    }

    @Override
    public void read(Map<String, byte[]> input) {
        byte[] bytes = input.get("m.gguf");
        GgufFile file = GgufFile.of(Path.of("m.gguf"), MemorySegment.ofArray(bytes), () -> {});
        WeightFiles.readAll(GgufWeights.of(file, GgufConfig.of(file)), bytes.length);
    }
}
