package dev.lizard.checkpoint;

import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.FuzzFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/** A GGUF model in two files, and one in a single file, from the disk. */
class GgufSplitFuzzTest extends FuzzContract {
    private static final String FIRST = "m-00001-of-00002.gguf";
    private static final String SECOND = "m-00002-of-00002.gguf";

    @TempDir
    Path temp = Path.of(".");

    private FuzzFolder folder = new FuzzFolder(temp);

    @Override
    public String name() {
        return "gguf-split";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        folder = new FuzzFolder(temp);
        byte[] first = part(GgufBuilder.tinyLlama("llama"), 0)
                .put("split.tensors.count", 6L)
                .build();
        byte[] second = part(new GgufBuilder(), 1)
                .tensor("blk.0.attn_v.weight", List.of(4L, 8L), GgufBuilder.counting(32))
                .build();
        return List.of(
                Map.of(FIRST, first, SECOND, second),
                Map.of(FIRST, GgufBuilder.tinyLlama("qwen2").build()));
    }

    private static GgufBuilder part(GgufBuilder builder, long number) {
        return builder.put("split.no", number).put("split.count", 2L);
    }

    @Override
    public void read(Map<String, byte[]> input) throws IOException {
        Path path = folder.with(input).resolve(FIRST);
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            WeightFiles.readAll(checkpoint.weights(), WeightFiles.size(input));
        }
    }
}
