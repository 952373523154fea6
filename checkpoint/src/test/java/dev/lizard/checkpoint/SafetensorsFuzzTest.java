package dev.lizard.checkpoint;

import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.Mutator;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Headers and bodies of single files, in memory. */
class SafetensorsFuzzTest extends FuzzContract {
    private static final String FILE = "a.safetensors";

    @Override
    public String name() {
        return "safetensors";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        return List.of(Map.of(
                FILE,
                WeightFiles.of(List.of(
                        WeightFiles.stored("model.embed", StoredType.F32, List.of(2L, 3L)),
                        WeightFiles.stored("model.norm", StoredType.BF16, List.of(4L)),
                        WeightFiles.stored("half", StoredType.F16, List.of(2L, 1L, 2L)),
                        WeightFiles.stored("scalar", StoredType.I64, List.of())))));
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        return WeightFiles.mutate(sample, mutator);
    }

    @Override
    public void read(Map<String, byte[]> input) {
        byte[] bytes = input.get(FILE);
        WeightFiles.readAll(SafetensorsFile.of(Path.of(FILE), MemorySegment.ofArray(bytes), () -> {}), bytes.length);
    }
}
