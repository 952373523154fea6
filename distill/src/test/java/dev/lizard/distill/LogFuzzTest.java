package dev.lizard.distill;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Json;
import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.FuzzFolder;
import dev.lizard.base.fuzz.Mutator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;

/** The log of a run, as the report of a conversion reads it. */
class LogFuzzTest extends FuzzContract {
    private static final List<Object> RECORDS = List.of(
            Map.of("event", "start", "recipe", "lizard"),
            new StepRecord("transfer", 1, 2048, 0.5, 1e-3, 0.7, 900, 2.3, 1L << 30),
            new Measurement("transfer", 1, "student", 3.4, List.of(new Measurement.Position(0, 64, 10, 3.5))),
            new LayerErrors("transfer", 1, List.of(0, 1), List.of(0.1, 0.2)));

    @TempDir
    Path temp = Path.of(".");

    private FuzzFolder folder = new FuzzFolder(temp);

    @Override
    public String name() {
        return "log";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        folder = new FuzzFolder(temp);
        List<String> lines = RECORDS.stream().map(Json::line).toList();
        return List.of(Map.of(RunLog.FILE, String.join("\n", lines).getBytes(UTF_8)));
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        byte[] log = Objects.requireNonNull(sample.get(RunLog.FILE));
        if (mutator.random().nextInt(5) == 0) {
            return Map.of(RunLog.FILE, mutator.bytes(log));
        }
        List<String> lines = new ArrayList<>(new String(log, UTF_8).lines().toList());
        int at = mutator.random().nextInt(lines.size());
        lines.set(at, mutator.json(lines.get(at)));
        return Map.of(RunLog.FILE, String.join("\n", lines).getBytes(UTF_8));
    }

    @Override
    public void read(Map<String, byte[]> input) throws IOException {
        LinearizeResult.read(folder.with(input), note -> {});
    }
}
