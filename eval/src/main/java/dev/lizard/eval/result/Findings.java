package dev.lizard.eval.result;

import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run finds while it goes on: the lists of its {@link ResultSet} before they are final. A new list is named here,
 * in {@link ResultSet} and nowhere else.
 */
public final class Findings {
    public final String title;
    public @Nullable Integer trainedLength;
    public final List<String> story = new ArrayList<>();
    public final List<ModelResult> models = new ArrayList<>();
    public final List<PositionCurve> positions = new ArrayList<>();
    public final List<TrainingPoint> training = new ArrayList<>();
    public final List<LayerError> layers = new ArrayList<>();
    public final List<Recall> recall = new ArrayList<>();
    public final List<RecallCell> recallGrids = new ArrayList<>();
    public final List<Efficiency> efficiency = new ArrayList<>();
    public final List<HalfLife> gates = new ArrayList<>();
    public final List<TaskScore> tasks = new ArrayList<>();
    public final List<TraitScore> traits = new ArrayList<>();
    public final List<Comparison> comparisons = new ArrayList<>();
    public final List<ChoiceShare> choices = new ArrayList<>();
    public final List<TaskEffort> efforts = new ArrayList<>();
    public final List<Sample> samples = new ArrayList<>();
    public final List<HeadError> headErrors = new ArrayList<>();
    public final List<WeightMatch> weightMatches = new ArrayList<>();
    public final List<StructureFit> structureFits = new ArrayList<>();
    public final List<GateHistogram> gateHistograms = new ArrayList<>();
    public final List<PartShare> partShares = new ArrayList<>();
    public final List<Ablation> ablations = new ArrayList<>();
    public final List<Agreement> agreements = new ArrayList<>();
    public final List<Repetition> repetitions = new ArrayList<>();
    public final List<Answered> answers = new ArrayList<>();
    public final List<AttentionMap> attention = new ArrayList<>();
    public final List<Attribution> attributions = new ArrayList<>();
    public final List<FrontierPoint> frontier = new ArrayList<>();
    public final List<Conversion> conversions = new ArrayList<>();
    public final Map<String, String> provenance = new LinkedHashMap<>();

    public Findings(String title) {
        this.title = title;
    }

    /**
     * What {@code folder} holds already, to be added to; under {@code title} where it holds no results yet.
     *
     * @throws dev.lizard.base.LizardException INPUT for results that cannot be read
     */
    public static Findings in(Path folder, String title) {
        if (!Files.exists(folder.resolve(ResultSet.FILE))) {
            return new Findings(title);
        }
        ResultSet known = ResultSet.read(folder);
        Findings found = new Findings(known.title());
        found.trainedLength = known.trainedLength();
        found.provenance.putAll(known.provenance());
        try {
            for (RecordComponent part : ResultSet.class.getRecordComponents()) {
                if (part.getType() == List.class) {
                    add(
                            part.getAccessor().invoke(known),
                            Findings.class.getField(part.getName()).get(found));
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a list of results is not named in both places", e);
        }
        return found;
    }

    @SuppressWarnings("unchecked") // the lists of one name have one type
    private static void add(Object known, Object list) {
        ((List<Object>) list).addAll((List<Object>) known);
    }

    public ResultSet results() {
        return new ResultSet(
                1,
                title,
                story,
                trainedLength,
                models,
                positions,
                training,
                layers,
                recall,
                recallGrids,
                efficiency,
                gates,
                tasks,
                traits,
                comparisons,
                choices,
                efforts,
                samples,
                headErrors,
                weightMatches,
                structureFits,
                gateHistograms,
                partShares,
                ablations,
                agreements,
                repetitions,
                answers,
                attention,
                attributions,
                frontier,
                conversions,
                provenance);
    }
}
