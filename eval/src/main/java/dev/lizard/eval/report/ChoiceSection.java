package dev.lizard.eval.report;

import dev.lizard.eval.result.ChoiceShare;
import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which letters models answer with, beside those that are right. */
final class ChoiceSection {
    private static final String RIGHT = "right answers";

    private ChoiceSection() {}

    static Section of(ResultSet results) {
        List<Section.Block> figures = new ArrayList<>();
        results.choices().stream()
                .map(ChoiceShare::task)
                .distinct()
                .forEach(task -> figures.add(figure(
                        task,
                        results.choices().stream()
                                .filter(row -> row.task().equals(task))
                                .toList())));
        return new Section(
                "Letters",
                "How often each option is picked. A model that has lost the thread falls back on one letter, whatever"
                        + " the question; a sound one picks each about as often as it is right.",
                figures);
    }

    private static Section.Figure figure(String task, List<ChoiceShare> shares) {
        List<String> choices =
                shares.stream().map(ChoiceShare::choice).distinct().toList();
        List<String> models = shares.stream().map(ChoiceShare::model).distinct().toList();
        List<List<HeatMap.@Nullable Cell>> cells = new ArrayList<>();
        for (String model : models) {
            cells.add(row(
                    choices,
                    shares.stream().filter(row -> row.model().equals(model)).toList(),
                    true));
        }
        cells.add(row(choices, shares, false));
        List<String> rows = new ArrayList<>(models);
        rows.add(RIGHT);
        String map = new HeatMap(task, "model", rows, "option", choices, cells, Units.ROUGH_PERCENT, 0, 1).svg();
        return new Section.Figure(task + ".", "Share of the items.", map);
    }

    private static List<HeatMap.@Nullable Cell> row(List<String> choices, List<ChoiceShare> shares, boolean picked) {
        List<HeatMap.@Nullable Cell> row = new ArrayList<>();
        for (String choice : choices) {
            row.add(shares.stream()
                    .filter(share -> share.choice().equals(choice))
                    .findFirst()
                    .map(share -> picked
                            ? new HeatMap.Cell(share.picked(), Interval.ofShare(share.picked(), share.n()))
                            : new HeatMap.Cell(share.right()))
                    .orElse(null));
        }
        return row;
    }
}
