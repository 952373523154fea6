package dev.lizard.eval.report;

import dev.lizard.eval.result.ResultSet;
import java.util.List;
import java.util.function.Function;

/**
 * A section's place on the page: it stands here once, in reading order.
 *
 * @param id also the section's address on the page, and the key {@code "command <id>"} of a provenance that names another
 *     command than {@code "command"} for it
 * @param of makes it, without blocks where there is nothing to show
 */
record Part(String id, Function<ResultSet, Section> of) {
    static final List<Part> IN_ORDER = List.of(
            new Part("models", QualitySections::models),
            new Part("positions", QualitySections::positions),
            new Part("recall", RecallSection::of),
            new Part("cost", CostSections::efficiency),
            new Part("ablations", QualitySections::ablations),
            new Part("training", TrainingSections::curves),
            new Part("layers", TrainingSections::layers),
            new Part("gates", TrainingSections::gates),
            new Part("tasks", CostSections::tasks),
            new Part("samples", SampleSection::of),
            new Part("provenance", CostSections::provenance));

    String html(ResultSet results, String prefix) {
        String command = results.provenance().get("command " + id);
        command = command == null ? results.provenance().get("command") : command;
        return of.apply(results).html(prefix + id, command == null ? List.of() : List.of(shown(command)));
    }

    private static String shown(String command) {
        return command.startsWith("lizard ") ? command : "lizard " + command;
    }
}
