package dev.lizard.eval.result;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Origin;
import dev.lizard.base.Setting;
import dev.lizard.checkpoint.AtomicFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that one run found: the content of {@code results.json}. Any list may be empty; the report leaves its part out.
 *
 * @param version of this format, 1
 * @param title what was run, a short line
 * @param story a few sentences with the main findings
 * @param trainedLength tokens of the sequences that the teacher was trained on, drawn into the charts
 * @param provenance what it takes to do it again: command, seed, hashes, versions, hardware
 */
public record ResultSet(
        @Setting(byDefault = "1", min = 1, max = 1) int version,
        String title,
        @Setting(byDefault = "[]") List<String> story,
        @Nullable Integer trainedLength,
        @Setting(byDefault = "[]") List<ModelResult> models,
        @Setting(byDefault = "[]") List<PositionCurve> positions,
        @Setting(byDefault = "[]") List<TrainingPoint> training,
        @Setting(byDefault = "[]") List<LayerError> layers,
        @Setting(byDefault = "[]") List<Recall> recall,
        @Setting(byDefault = "[]") List<RecallCell> recallGrids,
        @Setting(byDefault = "[]") List<Efficiency> efficiency,
        @Setting(byDefault = "[]") List<HalfLife> gates,
        @Setting(byDefault = "[]") List<TaskScore> tasks,
        @Setting(byDefault = "[]") List<TraitScore> traits,
        @Setting(byDefault = "[]") List<Comparison> comparisons,
        @Setting(byDefault = "[]") List<ChoiceShare> choices,
        @Setting(byDefault = "[]") List<TaskEffort> efforts,
        @Setting(byDefault = "[]") List<Sample> samples,
        @Setting(byDefault = "[]") List<HeadError> headErrors,
        @Setting(byDefault = "[]") List<WeightMatch> weightMatches,
        @Setting(byDefault = "[]") List<StructureFit> structureFits,
        @Setting(byDefault = "[]") List<GateHistogram> gateHistograms,
        @Setting(byDefault = "[]") List<PartShare> partShares,
        @Setting(byDefault = "[]") List<Ablation> ablations,
        @Setting(byDefault = "[]") List<Agreement> agreements,
        @Setting(byDefault = "[]") List<Repetition> repetitions,
        @Setting(byDefault = "[]") List<Answered> answers,
        @Setting(byDefault = "[]") List<AttentionMap> attention,
        @Setting(byDefault = "[]") List<Attribution> attributions,
        @Setting(byDefault = "[]") List<FrontierPoint> frontier,
        @Setting(byDefault = "[]") List<Conversion> conversions,
        @Setting(byDefault = "{}") Map<String, String> provenance) {
    /** The file's name in every results folder. */
    public static final String FILE = "results.json";

    /**
     * Reads {@code folder/results.json}.
     *
     * @throws LizardException INPUT if it is missing, malformed or has unknown keys
     */
    public static ResultSet read(Path folder) {
        Path file = folder.resolve(FILE);
        Origin origin = new Origin(Origin.Layer.RESULTS, file.toString());
        return ConfigTree.of(Json.read(file, Kind.INPUT), origin, Kind.INPUT).bind(ResultSet.class);
    }

    /** Writes {@code folder/results.json} whole or not at all; makes the folder where there is none. */
    public void write(Path folder) {
        AtomicFiles.write(folder.resolve(FILE), (Json.pretty(this) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * As {@link #write}, where the folder has results already together with these: what these measured anew takes its old
     * place, row by row; title and story stay.
     *
     * @throws LizardException INPUT if what is there cannot be read
     */
    public void writeInto(Path folder) {
        (Files.exists(folder.resolve(FILE)) ? Merge.of(read(folder), this) : this).write(folder);
    }

    /** The role of a model by name; {@link Role#OTHER} where it is not in the list. */
    public Role role(String model) {
        for (ModelResult result : models) {
            if (result.name().equals(model)) {
                return result.role();
            }
        }
        return Role.OTHER;
    }
}
