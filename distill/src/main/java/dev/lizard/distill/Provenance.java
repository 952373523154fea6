package dev.lizard.distill;

import dev.lizard.base.Json;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.tensor.Engine;
import dev.lizard.text.TokenStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code provenance.json}: what a converted folder was made of, with what, and how. */
final class Provenance {
    static final String FILE = "provenance.json";

    private Provenance() {}

    static void write(
            Path folder,
            LinearizeOptions options,
            Recipe recipe,
            String teacherSha256,
            TokenStore.@Nullable Description data) {
        ObjectNode root = Json.object();
        root.putObject("teacher")
                .put("name", String.valueOf(options.model().getFileName()))
                .put("sha256", teacherSha256);
        ObjectNode text = root.putObject("data");
        ArrayNode files = text.putArray("files");
        options.data().forEach(path -> files.add(String.valueOf(path.getFileName())));
        if (data != null) {
            text.put("sha256", data.dataSha256())
                    .put("tokens", data.tokens())
                    .put("documents", data.documents())
                    .put("tokenizer_sha256", data.tokenizerSha256());
        }
        ArrayNode measured = root.putArray("held_out");
        options.heldOut().forEach(path -> measured.add(String.valueOf(path.getFileName())));
        root.put("recipe", recipe.name()).put("seed", recipe.seed());
        ArrayNode stages = root.putArray("stages");
        for (StageRecipe stage : recipe.stages()) {
            long steps = stage.steps(recipe.tokensPerStep());
            stages.addObject()
                    .put("name", stage.name())
                    .put("steps", steps)
                    .put("tokens", steps * recipe.tokensPerStep());
        }
        root.putObject("versions")
                .put("lizard", options.version())
                .put("engine", Engine.version())
                .put("java", System.getProperty("java.vm.version", "unknown"));
        root.putObject("hardware")
                .put("device", options.device().toString())
                .put("dtype", options.dtype().name().toLowerCase(java.util.Locale.ROOT))
                .put("os", System.getProperty("os.name", "") + " " + System.getProperty("os.version", ""))
                .put("arch", System.getProperty("os.arch", ""))
                .put("processors", Runtime.getRuntime().availableProcessors())
                .put("threads", Engine.threads());
        ArrayNode command = root.putArray("command");
        options.command().forEach(command::add);
        root.put("finished", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        AtomicFiles.write(folder.resolve(FILE), (Json.pretty(root) + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
