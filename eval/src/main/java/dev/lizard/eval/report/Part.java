package dev.lizard.eval.report;

import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * A section's place on the page: it stands here once, in reading order.
 *
 * @param id also the section's address on the page, and the key {@code "command <id>"}, alone or with more behind it, of a
 *     provenance that names another command than {@code "command"} for it
 * @param joined whether its rows name their model, so that those of several runs go into the same figures; otherwise each
 *     run has figures of its own
 * @param of makes it, without blocks where there is nothing to show
 */
record Part(String id, boolean joined, Function<ResultSet, Section> of) {
    static final List<Part> IN_ORDER = List.of(
            // what models can do
            new Part("rivals", RivalSection::of),
            new Part("scores", ScoreSection::of),
            new Part("models", QualitySections::models),
            new Part("positions", QualitySections::positions),
            new Part("letters", ChoiceSection::of),
            new Part("parts", TraitSection::of),
            new Part("recall", RecallSection::of),
            new Part("recall-grids", RecallGrids::of),
            new Part("agreement", WritingSections::agreement),
            new Part("repetition", WritingSections::repetition),
            new Part("answers", WritingSections::answers),
            new Part("samples", SampleSection::of),
            // what it costs
            new Part("cost", CostSections::efficiency),
            // what is inside
            new Part("ablations", QualitySections::ablations),
            new Part("without", InsideSections::without),
            new Part("shares", InsideSections::shares),
            new Part("heads", InsideSections::heads),
            new Part("weights", WeightSection::of),
            new Part("structures", WeightSection::structures),
            new Part("layers", false, TrainingSections::layers),
            new Part("horizons", InsideSections::horizons),
            new Part("gates", false, TrainingSections::gates),
            new Part("attention", AttentionSection::of),
            // how it came about
            new Part("training", false, TrainingSections::curves),
            new Part("frontier", FrontierSection::of),
            new Part("effort", EffortSection::of),
            new Part("provenance", false, CostSections::provenance));

    Part(String id, Function<ResultSet, Section> of) {
        this(id, true, of);
    }

    /** A finished section and the commands behind it. */
    record Made(String id, Section section, List<String> commands) {
        String html() {
            return section.html(id, commands);
        }

        String markdown() {
            return section.markdown(commands);
        }
    }

    /** @param whole the runs' results as one */
    Made of(List<Run> runs, ResultSet whole) {
        Set<String> commands = new LinkedHashSet<>();
        List<Section.Block> blocks = new ArrayList<>();
        Section section = of.apply(joined ? whole : runs.getFirst().results());
        for (Run run : runs) {
            Section alone = runs.size() == 1 ? section : of.apply(run.results());
            if (!alone.blocks().isEmpty()) {
                commands.addAll(commands(run));
                section = joined ? section : alone;
                alone.blocks().forEach(block -> blocks.add(runs.size() == 1 ? block : block.of(run.name())));
            }
        }
        Section whichever = joined ? section : new Section(section.title(), section.about(), blocks);
        return new Made(id, whichever, List.copyOf(commands));
    }

    /** Those of this part; where it has none of its own, that of the run. */
    private List<String> commands(Run run) {
        String own = "command " + id;
        Map<String, String> provenance = run.results().provenance();
        List<String> commands = provenance.entrySet().stream()
                .filter(entry -> entry.getKey().equals(own) || entry.getKey().startsWith(own + " "))
                .map(Map.Entry::getValue)
                .toList();
        String whole = provenance.get("command");
        return (commands.isEmpty() && whole != null ? List.of(whole) : commands)
                .stream()
                        .map(command -> command.startsWith("lizard ") ? command : "lizard " + command)
                        .toList();
    }
}
