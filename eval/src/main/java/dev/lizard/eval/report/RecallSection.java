package dev.lizard.eval.report;

import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How often the models repeat what they were told: a chart a task. */
final class RecallSection {
    private RecallSection() {}

    static Section of(ResultSet results) {
        if (results.recall().isEmpty()) {
            return Section.none();
        }
        Map<String, Map<String, List<Line.Point>>> byTask = new LinkedHashMap<>();
        for (Recall recall : results.recall()) {
            byTask.computeIfAbsent(recall.task(), task -> new LinkedHashMap<>())
                    .computeIfAbsent(recall.model(), model -> new ArrayList<>())
                    .add(new Line.Point(recall.length(), recall.exact(), interval(recall)));
        }
        List<Section.Block> figures = new ArrayList<>();
        byTask.forEach((task, byModel) -> {
            List<Line> lines = new ArrayList<>();
            byModel.forEach((model, points) -> lines.add(new Line(model, Tone.of(results, model), points)));
            Axis x = new Axis("length of the text, bytes, log axis", LineCharts.logX(lines), Units.LENGTH, 6);
            Axis y = new Axis("answers wholly right", new Scale.Linear(0, 1), Units.ROUGH_PERCENT, 4);
            figures.add(new Section.Figure(
                    title(task), "Told once, asked for at the end.", LineCharts.draw(task, x, y, lines, results)));
        });
        return new Section(
                "Recall",
                "Something told at a random depth of a text is asked for at its end. Beyond the window a model without"
                        + " memory can only guess. Whiskers are 95 % intervals: with few samples the shares are rough.",
                figures);
    }

    private static Interval interval(Recall recall) {
        return Interval.ofShare(recall.exact(), recall.samples());
    }

    private static String title(String task) {
        return switch (task) {
            case "passkey" -> "Pass key.";
            case "key_values" -> "Key and value.";
            default -> task + ".";
        };
    }
}
