package dev.lizard.eval.demo;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.distill.LinearizeResult;
import dev.lizard.distill.Recipe;
import dev.lizard.distill.StepRecord;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.TrainingPoint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Puts together what was found. */
final class DemoResults {
    private DemoResults() {}

    static ResultSet of(
            Demo.Options options,
            Recipe recipe,
            LinearizeResult training,
            StageEvaluator evaluator,
            FinalEvaluation after,
            double seconds) {
        Findings found = new Findings("A small Transformer becomes a model of constant memory");
        found.story.addAll(new DemoStory(evaluator, after.efficiency(), recipe.sequenceLength(), seconds).sentences());
        found.trainedLength = evaluator.texts().teacherLength();
        found.models.addAll(evaluator.models);
        found.positions.addAll(evaluator.positions);
        found.training.addAll(points(recipe, training));
        found.layers.addAll(evaluator.layers);
        found.recall.addAll(evaluator.recall);
        found.efficiency.addAll(after.efficiency());
        found.gates.addAll(evaluator.gates);
        found.tasks.addAll(evaluator.tasks);
        found.samples.addAll(after.samples());
        found.provenance.putAll(provenance(options, seconds));
        return found.results();
    }

    private static List<TrainingPoint> points(Recipe recipe, LinearizeResult training) {
        List<TrainingPoint> points = new ArrayList<>();
        for (StepRecord step : training.steps()) {
            String stage = step.stage().equals(recipe.stages().getFirst().name())
                    ? "Stage 1: what tokens are worth later"
                    : "Stage 2: next token";
            points.add(new TrainingPoint(stage, step.step(), step.tokens(), step.loss()));
        }
        return points;
    }

    /** The model's {@code provenance.json} as lines for the page. */
    private static Map<String, String> provenance(Demo.Options options, double seconds) {
        JsonNode made = Json.read(options.model().resolve("provenance.json"), Kind.INPUT);
        Map<String, String> lines = new LinkedHashMap<>();
        lines.put("command", String.join(" ", options.command()));
        lines.put("seed", Long.toString(options.seed()));
        lines.put("teacher", "sha256 " + made.at("/teacher/sha256").asString());
        lines.put("data", "sha256 " + made.at("/data/sha256").asString());
        lines.put("corpus", made.at("/data/tokens").asString() + " tokens");
        for (JsonNode stage : made.at("/stages")) {
            String name = stage.get("name").asString();
            String steps = stage.get("steps").asString();
            lines.put("stage " + name, steps + " steps, " + stage.get("tokens").asString() + " tokens");
        }
        lines.put("versions", joined(made.get("versions")));
        lines.put("hardware", joined(made.get("hardware")));
        lines.put("time", String.format(Locale.ROOT, "%.0f s", seconds));
        lines.put("finished", made.at("/finished").asString());
        return lines;
    }

    private static String joined(JsonNode node) {
        StringBuilder text = new StringBuilder();
        node.properties()
                .forEach(entry -> text.append(text.isEmpty() ? "" : ", ")
                        .append(entry.getKey())
                        .append(' ')
                        .append(entry.getValue().asString()));
        return text.toString();
    }
}
