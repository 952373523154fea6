package dev.lizard.eval.demo;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.eval.result.HalfLife;
import dev.lizard.eval.result.LayerError;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.TaskScore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;

/**
 * What a {@link StageEvaluator} has found so far, so that an interrupted demo goes on without examining anew what is no
 * more: the
 * student as it was after an earlier stage.
 *
 * @param made seed and size of the demo
 * @param done stage and model of each examination
 * @param stageTokens tokens seen by stage
 * @param errorsBefore of each layer, freshly swapped
 * @param livesBefore half-lives by layer and head, freshly swapped
 */
record StageEvaluatorState(
        String made,
        List<String> done,
        Map<String, Long> stageTokens,
        List<Double> errorsBefore,
        List<List<Double>> livesBefore,
        List<ModelResult> models,
        List<PositionCurve> positions,
        List<TaskScore> tasks,
        List<Recall> recall,
        List<LayerError> layers,
        List<HalfLife> gates) {
    /** Its name in the demo's folder. */
    static final String FILE = "exam.json";

    void write(Path out) {
        AtomicFiles.write(out.resolve(FILE), Json.line(this).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads it.
     *
     * @throws LizardException USAGE where it is of another seed or size, INPUT where it is broken
     */
    static StageEvaluatorState read(Path out, String made) {
        Path file = out.resolve(FILE);
        try {
            StageEvaluatorState state =
                    Json.MAPPER.treeToValue(Json.read(file, LizardException.Kind.INPUT), StageEvaluatorState.class);
            if (!state.made().equals(made)) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "another demo than was begun",
                        file,
                        made,
                        state.made(),
                        "resume with the same --seed and --quick, or start anew without --resume");
            }
            return state;
        } catch (JacksonException e) {
            throw new LizardException(
                    LizardException.Kind.INPUT,
                    "unreadable %s: %s; start anew without --resume".formatted(file, Json.problem(e)),
                    e);
        }
    }
}
