package dev.lizard.eval.report;

import dev.lizard.eval.result.FrontierPoint;
import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** What small models, trained from scratch to recall, get right for the bytes they keep. */
final class FrontierSection {
    /** Of the mixers, in the order in which they are met. */
    private static final List<String> TONES =
            List.of("t-teacher", "t-m1", "t-m2", "t-m3", "t-m4", "t-m5", "t-student", "t-m6");

    private FrontierSection() {}

    /** One model that was trained from several seeds. */
    private record Model(String task, int pairs, String mixer, String layers, int width, long stateBytes) {}

    /** What its seeds reached, each with its best learning rate. */
    private record Reached(Model model, List<FrontierPoint> seeds) {
        double mean() {
            return accuracies().average().orElse(0);
        }

        Interval spread() {
            return new Interval(accuracies().min().orElse(0), accuracies().max().orElse(0), "all seeds");
        }

        private DoubleStream accuracies() {
            return seeds.stream().mapToDouble(FrontierSection::accuracy);
        }
    }

    static Section of(ResultSet results) {
        List<FrontierPoint> points = results.frontier();
        if (points.isEmpty()) {
            return Section.none();
        }
        List<Reached> reached = new ArrayList<>();
        by(points, p -> new Model(p.task(), p.pairs(), p.mixer(), p.layers(), p.width(), p.stateBytes()))
                .forEach((model, own) -> reached.add(new Reached(model, best(own))));
        List<String> mixers =
                points.stream().map(FrontierPoint::mixer).distinct().toList();
        List<Section.Block> blocks = new ArrayList<>();
        by(reached, r -> "%s, %d pairs".formatted(r.model().task(), r.model().pairs()))
                .forEach((title, own) -> blocks.add(figure(title, own, mixers)));
        blocks.add(table(reached, mixers));
        return new Section(
                "Recall against bytes of state",
                "Small models of one size but for their mixers, each trained from scratch to say the value that was"
                    + " paired with a key. Whiskers reach from the worst seed to the best; of several learning rates"
                    + " the best counts.",
                blocks);
    }

    /** A run that diverged recalls nothing. */
    private static double accuracy(FrontierPoint point) {
        Double accuracy = point.accuracy();
        return accuracy == null ? 0 : accuracy;
    }

    private static List<FrontierPoint> best(List<FrontierPoint> points) {
        List<FrontierPoint> best = new ArrayList<>();
        by(points, FrontierPoint::seed)
                .forEach((seed, own) -> best.add(own.stream()
                        .max(Comparator.comparingDouble(FrontierSection::accuracy))
                        .orElseThrow()));
        return best;
    }

    private static Section.Figure figure(String title, List<Reached> reached, List<String> mixers) {
        List<Line> lines = new ArrayList<>();
        by(reached, r -> r.model().mixer())
                .forEach((mixer, own) -> lines.add(new Line(
                        mixer,
                        tone(mixer, mixers),
                        own.stream()
                                .sorted(Comparator.comparingLong(r -> r.model().stateBytes()))
                                .map(r -> new Line.Point(r.model().stateBytes(), r.mean(), r.spread()))
                                .toList())));
        Axis x = new Axis("bytes of state, log axis", LineCharts.logX(lines), Units.BYTES, 6);
        Axis y = new Axis("values that are right", new Scale.Linear(0, 1), Units.ROUGH_PERCENT, 4);
        return new Section.Figure(title + ".", "Mean over the seeds.", new LineChart(title, x, y, lines).svg());
    }

    private static Section.Tabular table(List<Reached> reached, List<String> mixers) {
        List<Table.Column> columns = List.of(
                new Table.Column("Mixer", ""),
                new Table.Column("State", "bytes"),
                new Table.Column("Right", "mean"),
                new Table.Column("Seeds", "worst to best"),
                new Table.Column("Width", ""),
                new Table.Column("Steps", "most"),
                new Table.Column("Layers", ""),
                new Table.Column("Task", ""));
        List<Table.Row> rows = new ArrayList<>();
        for (Reached one : reached) {
            Model model = one.model();
            rows.add(new Table.Row(
                    model.mixer(),
                    tone(model.mixer(), mixers),
                    List.of(
                            Table.number((double) model.stateBytes(), Units.BYTES),
                            Table.number(one.mean(), Units.PERCENT),
                            Table.shown("%s (%d)"
                                    .formatted(
                                            one.spread().show(Units.PERCENT),
                                            one.seeds().size())),
                            Table.number((double) model.width(), Units.GENERAL),
                            Table.number(
                                    (double) one.seeds().stream()
                                            .mapToLong(FrontierPoint::steps)
                                            .max()
                                            .orElse(0),
                                    Units.COUNT),
                            Table.text(model.layers()),
                            Table.text("%s, %d pairs".formatted(model.task(), model.pairs())))));
        }
        return new Section.Tabular("", new Table(columns, rows));
    }

    private static String tone(String mixer, List<String> mixers) {
        return TONES.get(mixers.indexOf(mixer) % TONES.size());
    }

    private static <T, K> SequencedMap<K, List<T>> by(List<T> list, Function<T, K> key) {
        return list.stream().collect(Collectors.groupingBy(key, LinkedHashMap::new, Collectors.toList()));
    }
}
