package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.ModelFiles;
import dev.lizard.model.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

/** {@code lizard inspect}: what is in a checkpoint. */
@Command(
        name = "inspect",
        description = "Shows what is in a model, and the memory its state takes at 1K to 1M tokens; loads no weights.")
final class InspectCommand implements Action {
    @Parameters(paramLabel = "MODEL", description = ModelPlace.HELP)
    String model;

    @Option(names = "--student", paramLabel = "STUDENT", description = ModelOption.STUDENT_HELP)
    @Nullable
    String student;

    @Override
    public int run(Context context) {
        ModelFiles files = ModelPlace.files(ModelPlace.join(model, student), context);
        try (Activity _ = Activity.begin("inspecting " + files);
                Checkpoint checkpoint = Checkpoint.open(files)) {
            checkpoint.requireBase();
            Models.notes(checkpoint).forEach(context.console()::warn);
            ModelFacts facts = ModelFacts.of(files, checkpoint, context.dtype());
            context.console().result(facts, String.join(System.lineSeparator(), lines(facts)));
        }
        return 0;
    }

    private static List<String> lines(ModelFacts facts) {
        List<String> lines = new ArrayList<>();
        lines.add(row("model", facts.path()));
        lines.add(row("family", facts.family() + (facts.converted() ? ", converted" : "")));
        facts.shape().forEach((name, value) -> lines.add(row(name, value)));
        Map<String, Long> parameters = facts.parameters();
        lines.add(row(
                "parameters",
                "%,d (%,d base, %,d new, %,d adapter)"
                        .formatted(
                                parameters.get("total"),
                                parameters.get("base"),
                                parameters.get("new"),
                                parameters.get("adapter"))));
        facts.dtypes()
                .forEach((type, stored) -> lines.add(row(
                        "stored as " + type, "%,d tensors, %,d bytes".formatted(stored.tensors(), stored.bytes()))));
        lines.add(row("tokenizer", tokenizer(facts.tokenizer())));
        mixers(facts.mixers(), lines);
        lines.add("");
        lines.add("%-26s %18s %18s   (%s)"
                .formatted("bytes of state after", "this model", "key/value cache", facts.stateDtype()));
        for (ModelFacts.State state : facts.state()) {
            lines.add(String.format(
                    Locale.ROOT, "%,19d tokens %,18d %,18d", state.tokens(), state.bytes(), state.kvCacheBytes()));
        }
        lines.add("");
        facts.files().forEach((name, bytes) -> lines.add(row(name, "%,d bytes".formatted(bytes))));
        lines.add(row("sha256", facts.sha256()));
        if (facts.provenance() != null) {
            facts.provenance().properties().forEach(entry -> lines.add(row(entry.getKey(), entry.getValue())));
        }
        return lines;
    }

    private static String tokenizer(ModelFacts.@Nullable TokenizerFacts tokenizer) {
        return tokenizer == null
                ? "none that can be opened"
                : "%,d tokens, begins with %s, ends with %s, %s chat template"
                        .formatted(
                                tokenizer.vocabSize(),
                                tokenizer.bosId() == null ? "none" : tokenizer.bosId(),
                                tokenizer.eosIds(),
                                tokenizer.chatTemplate() ? "a" : "no");
    }

    /** Equal layers that follow one another share a line. */
    private static void mixers(List<ObjectNode> mixers, List<String> lines) {
        for (int first = 0, next; first < mixers.size(); first = next) {
            ObjectNode mixer = mixers.get(first);
            next = first + 1;
            while (next < mixers.size() && mixers.get(next).equals(mixer)) {
                next++;
            }
            String layers = next == first + 1 ? "layer " + first : "layers " + first + " to " + (next - 1);
            lines.add(row(
                    layers,
                    mixer.properties().stream()
                            .map(entry -> entry.getKey().equals("mixer")
                                    ? entry.getValue().asString()
                                    : entry.getKey() + " " + entry.getValue())
                            .collect(Collectors.joining(", "))));
        }
    }

    private static String row(String name, Object value) {
        return "%-26s %s".formatted(name, value);
    }
}
