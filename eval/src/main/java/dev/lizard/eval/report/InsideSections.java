package dev.lizard.eval.report;

import dev.lizard.eval.result.Ablation;
import dev.lizard.eval.result.GateHistogram;
import dev.lizard.eval.result.HeadError;
import dev.lizard.eval.result.PartShare;
import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What was found inside the students: errors of heads, horizons of gates, shares of parts, ablations. */
final class InsideSections {
    /** Errors above it are drawn as if they were it: such a head gives something else altogether. */
    private static final double WHOLLY_WRONG = 1;

    private InsideSections() {}

    static Section heads(ResultSet results) {
        List<Section.Block> blocks = new ArrayList<>();
        List<Line> lines = new ArrayList<>();
        byModel(results.headErrors(), HeadError::model).forEach((model, rows) -> {
            List<Line.Point> points = new ArrayList<>();
            for (HeadError row : rows) {
                if (row.head() == null) {
                    points.add(new Line.Point(row.layer(), row.error(), interval(row.error(), row.stderr())));
                }
            }
            lines.add(new Line(model, Tone.of(results, model), points));
        });
        if (lines.stream().anyMatch(line -> !line.points().isEmpty())) {
            double last = lines.stream()
                    .flatMap(line -> line.points().stream())
                    .mapToDouble(Line.Point::x)
                    .max()
                    .orElse(1);
            Axis x = new Axis(
                    "layer", new Scale.Linear(0, Math.max(1, last)), Units.GENERAL, (int) Math.clamp(last, 1, 6));
            Axis y = new Axis("squared error / size", LineCharts.linear(lines), Units.GENERAL, 5);
            String chart = new LineChart("Errors of the layers", x, y, lines).svg();
            blocks.add(new Section.Figure("By layer.", "All heads of a layer together, 95 % intervals.", chart));
        }
        byModel(results.headErrors(), HeadError::model).forEach((model, rows) -> {
            Grid grid = new Grid();
            for (HeadError row : rows) {
                if (row.head() != null) {
                    grid.put(row.layer(), "%d".formatted(row.head()), row.error(), interval(row.error(), row.stderr()));
                }
            }
            grid.figure(
                    model + ", by head.",
                    "The stronger the colour, the farther.",
                    "head",
                    Units.PLAIN,
                    WHOLLY_WRONG,
                    blocks);
        });
        return new Section(
                "Errors of layers and heads",
                "Each of the teacher's layers is read by the student's too: how far what its heads give, before the"
                        + " output projection, is from what the teacher's give, as a share of the latter's size.",
                blocks);
    }

    static Section horizons(ResultSet results) {
        List<Section.Block> blocks = new ArrayList<>();
        byModel(results.gateHistograms(), GateHistogram::model).forEach((model, rows) -> {
            Grid grid = new Grid();
            double most = 0;
            for (GateHistogram row : rows) {
                for (int bin = 0;
                        bin < row.counts().size() && bin <= row.edges().size();
                        bin++) {
                    String name = bin == 0
                            ? "<"
                                    + Units.LENGTH.show(
                                            row.edges().isEmpty()
                                                    ? 0
                                                    : row.edges().getFirst())
                            : Units.LENGTH.show(row.edges().get(bin - 1));
                    double share = row.counts().get(bin) / Math.max(1.0, (double) row.total());
                    most = Math.max(most, share);
                    grid.put(row.layer(), name, share, null);
                }
            }
            String reading =
                    "Share of a layer's gates that halve what is held in so many tokens or more, below the next.";
            grid.figure(model + ".", reading, "half-life, tokens", Units.ROUGH_PERCENT, most, blocks);
        });
        return new Section(
                "How long the gates last",
                "Every gate of every head, token by token on held-out text, by the tokens in which it would halve the"
                        + " memory if it stayed as it is.",
                blocks);
    }

    static Section shares(ResultSet results) {
        List<Section.Block> blocks = new ArrayList<>();
        byModel(results.partShares(), PartShare::model).forEach((model, rows) -> {
            shares(
                    model + ", output.",
                    "Share of the layer's output.",
                    rows,
                    PartShare::output,
                    PartShare::outputError,
                    blocks);
            shares(
                    model + ", weight.",
                    "Share of the mixing weight.",
                    rows,
                    PartShare::weight,
                    PartShare::weightError,
                    blocks);
        });
        return new Section(
                "What each part gives",
                "The output of a layer is the sum of what its parts give: the window (near), first tokens, memories. A"
                        + " part's share of the output is the length of what it gives along the whole; it is below zero"
                        + " where it works against the rest.",
                blocks);
    }

    private static void shares(
            String title,
            String reading,
            List<PartShare> rows,
            ToDoubleFunction<PartShare> value,
            Function<PartShare, @Nullable Double> error,
            List<Section.Block> blocks) {
        Grid grid = new Grid();
        for (PartShare row : rows) {
            double share = value.applyAsDouble(row);
            grid.put(row.layer(), row.part(), share, interval(share, error.apply(row)));
        }
        grid.figure(title, reading, "part", Units.ROUGH_PERCENT, 1, blocks);
    }

    static Section without(ResultSet results) {
        List<Table.Column> columns = List.of(
                new Table.Column("Model", ""),
                new Table.Column("Without", ""),
                new Table.Column("Likelihood lost", "nats a token, 95 % interval"),
                new Table.Column("NLL", "nats a token"),
                new Table.Column("KL to teacher", "nats a token"),
                new Table.Column("Windows", ""));
        List<Table.Row> rows = new ArrayList<>();
        for (Ablation row : results.ablations()) {
            Interval around = row.without().isEmpty() ? null : interval(row.rise(), row.riseError());
            rows.add(new Table.Row(
                    row.model(),
                    Tone.of(results, row.model()),
                    List.of(
                            Table.text(row.without().isEmpty() ? "nothing" : row.without()),
                            Table.ranged(row.rise(), Units.FINE, around),
                            Table.number(row.nll(), Units.FINE),
                            Table.number(row.kl(), Units.FINE),
                            Table.number((double) row.windows(), Units.GENERAL))));
        }
        return new Section(
                "What is lost without a part",
                "The same text read with a part left out of every layer. A part whose loss costs nothing is not used.",
                rows.isEmpty() ? List.of() : List.of(new Section.Tabular("", new Table(columns, rows))));
    }

    static @Nullable Interval interval(double mean, @Nullable Double stderr) {
        return stderr == null ? null : Interval.ofMean(mean, stderr);
    }

    static <T> Map<String, List<T>> byModel(List<T> rows, Function<T, String> model) {
        Map<String, List<T>> byModel = new LinkedHashMap<>();
        rows.forEach(row -> byModel.computeIfAbsent(model.apply(row), key -> new ArrayList<>())
                .add(row));
        return byModel;
    }

    /** Cells by layer and column as they come. */
    private static final class Grid {
        private final Set<String> columns = new LinkedHashSet<>();
        private final Map<Integer, Map<String, HeatMap.Cell>> layers = new TreeMap<>();

        void put(int layer, String column, double value, @Nullable Interval interval) {
            columns.add(column);
            layers.computeIfAbsent(layer, key -> new LinkedHashMap<>()).put(column, new HeatMap.Cell(value, interval));
        }

        /** Nothing where nothing was put. */
        void figure(
                String title, String reading, String columnName, Units units, double high, List<Section.Block> blocks) {
            if (layers.isEmpty()) {
                return;
            }
            List<List<HeatMap.@Nullable Cell>> cells = new ArrayList<>();
            double low = 0;
            for (Map<String, HeatMap.Cell> layer : layers.values()) {
                List<HeatMap.@Nullable Cell> row = new ArrayList<>();
                for (String column : columns) {
                    HeatMap.Cell cell = layer.get(column);
                    row.add(cell);
                    low = cell == null ? low : Math.min(low, cell.value());
                }
                cells.add(row);
            }
            List<String> names = layers.keySet().stream().map(String::valueOf).toList();
            HeatMap map = new HeatMap(
                    title,
                    "layer",
                    names,
                    columnName,
                    List.copyOf(columns),
                    cells,
                    units,
                    low,
                    Math.max(high, Scale.SMALLEST));
            blocks.add(new Section.Figure(title, reading, map.svg()));
        }
    }
}
