package dev.lizard.eval.recall;

import dev.lizard.eval.result.Bucket;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.RecallCell;
import dev.lizard.eval.run.ItemResult;
import dev.lizard.eval.run.TaskOutcome;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Measure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What a task's items say by their place: on a grid of size and depth, or along a text. */
public final class RecallFindings {
    /** Traits that say how much was to be remembered, and what they count. */
    private static final Map<String, String> SIZES =
            Map.of(Answering.LENGTH, "tokens", "pairs", "pairs", "lines", "lines");

    private RecallFindings() {}

    /** Adds what there is; nothing for tasks that are neither. */
    public static void add(Findings found, TaskOutcome outcome) {
        found.recallGrids.addAll(cells(outcome));
        if (outcome.task() instanceof PositionTask task) {
            found.positions.addAll(curves(outcome, task));
        }
    }

    /** Anybody's task may have traits of these names. */
    private static boolean areNumbers(String size, String depth) {
        return size.matches("\\d{1,9}") && depth.matches("\\d{1,9}(\\.\\d{1,9})?");
    }

    private record Place(int size, String unit, double depth) {}

    private static List<RecallCell> cells(TaskOutcome outcome) {
        Map<Place, List<ItemResult>> places = new TreeMap<>(
                Comparator.comparing(Place::unit).thenComparingInt(Place::size).thenComparingDouble(Place::depth));
        for (ItemResult item : outcome.items()) {
            String depth = item.traits().get(Answering.DEPTH);
            SIZES.forEach((trait, unit) -> {
                String size = item.traits().get(trait);
                if (size != null && depth != null && areNumbers(size, depth)) {
                    Place place = new Place(Integer.parseInt(size), unit, Double.parseDouble(depth));
                    places.computeIfAbsent(place, each -> new ArrayList<>()).add(item);
                }
            });
        }
        List<RecallCell> cells = new ArrayList<>();
        String task = outcome.task().name().replaceFirst("@.*", "");
        for (Measure measure : outcome.task().measures()) {
            places.forEach((place, items) -> {
                List<Item.Value> values = values(items, measure.name());
                if (!values.isEmpty()) {
                    cells.add(new RecallCell(
                            outcome.model(),
                            task,
                            place.size(),
                            place.unit(),
                            place.depth(),
                            measure.name(),
                            measure.of(values),
                            values.size()));
                }
            });
        }
        return cells;
    }

    private static List<PositionCurve> curves(TaskOutcome outcome, PositionTask task) {
        List<PositionCurve> curves = new ArrayList<>();
        for (PositionTask.Split split : PositionTask.Split.values()) {
            List<Bucket> buckets = new ArrayList<>();
            for (PositionTask.Range range : task.ranges()) {
                List<Item.Value> values = values(outcome.items(), range.measure(split));
                double sum = values.stream().mapToDouble(Item.Value::sum).sum();
                double count = values.stream().mapToDouble(Item.Value::weight).sum();
                if (count > 0) {
                    buckets.add(new Bucket(range.from(), range.to(), sum / count, Math.round(count)));
                }
            }
            if (!buckets.isEmpty()) {
                curves.add(new PositionCurve(outcome.model(), split.name().toLowerCase(Locale.ROOT), buckets));
            }
        }
        return curves;
    }

    private static List<Item.Value> values(List<ItemResult> items, String measure) {
        return items.stream()
                .filter(item -> item.values().containsKey(measure))
                .map(item -> item.values().get(measure))
                .toList();
    }
}
