package dev.lizard.eval.report;

import dev.lizard.eval.result.HalfLife;
import dev.lizard.eval.result.LayerError;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.TrainingPoint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How the conversion went: curves of the stages, errors of the layers, half-lives of the gates. */
final class TrainingSections {
    private static final int SMOOTHED = 20;
    private static final int DRAWN = 240;
    private static final double LONGEST_DRAWN = 65_536;

    private TrainingSections() {}

    static Section curves(ResultSet results) {
        Map<String, List<TrainingPoint>> stages = new LinkedHashMap<>();
        for (TrainingPoint point : results.training()) {
            stages.computeIfAbsent(point.stage(), stage -> new ArrayList<>()).add(point);
        }
        List<Section.Block> figures = new ArrayList<>();
        stages.forEach((stage, points) -> figures.add(curve(stage, points)));
        return new Section(
                "Training",
                "The thin line is the loss of each step, the strong one its running mean. The stages minimise different"
                        + " losses, so their heights cannot be compared.",
                figures);
    }

    private static Section.Figure curve(String stage, List<TrainingPoint> points) {
        List<Line.Point> raw = new ArrayList<>();
        List<Line.Point> smooth = new ArrayList<>();
        int span = Math.max(1, Math.min(SMOOTHED, points.size() / 8));
        int every = Math.max(1, points.size() / DRAWN);
        for (int i = 0; i < points.size(); i++) {
            TrainingPoint point = points.get(i);
            if (i % every == 0 || i == points.size() - 1) {
                raw.add(new Line.Point(point.tokens(), point.loss()));
                smooth.add(new Line.Point(point.tokens(), mean(points, Math.max(0, i + 1 - span), i + 1)));
            }
        }
        List<Line> lines = List.of(
                new Line("", "t-raw", raw, Line.Style.PLAIN),
                new Line(Units.GENERAL.show(last(smooth)), "t-student", smooth, Line.Style.PLAIN));
        boolean attention = stage.contains("1") || stage.contains("attention") || stage.contains("transfer");
        double most = Math.max(1, raw.getLast().x());
        Axis x = new Axis("tokens", new Scale.Linear(0, most), Units.COUNT, 4);
        Axis y = attention
                ? new Axis("squared error, scaled, log axis", LineCharts.logY(lines, 10), Units.GENERAL, 5)
                : new Axis("loss, nats a token", LineCharts.linear(lines), Units.GENERAL, 5);
        String caption = points.size() + " steps.";
        return new Section.Figure(stage + ".", caption, new LineChart(stage, x, y, lines).svg());
    }

    /** Of a few losses, anew each time: a running sum would not forget a spike. */
    private static double mean(List<TrainingPoint> points, int from, int to) {
        double mean = 0;
        for (TrainingPoint point : points.subList(from, to)) {
            mean += point.loss() / (to - from);
        }
        return mean;
    }

    private static double last(List<Line.Point> points) {
        return points.getLast().y();
    }

    static Section layers(ResultSet results) {
        List<PairChart.Row> rows = new ArrayList<>();
        double low = 1;
        double high = 1e-6;
        for (LayerError error : results.layers()) {
            rows.add(new PairChart.Row(
                    "layer " + error.layer(), List.of(new PairChart.Pair(error.before(), error.after()))));
            low = Math.min(low, Math.min(error.before(), error.after()));
            high = Math.max(high, Math.max(error.before(), error.after()));
        }
        if (rows.isEmpty()) {
            return Section.none();
        }
        Axis x = new Axis(
                "squared error of the layer's output / its size, log axis",
                Scale.Log.around(Math.max(low, 1e-6), high, 10),
                Units.GENERAL,
                6);
        String chart = new PairChart("Error of each layer", x, rows, "untrained", "after stage 1").svg();
        return new Section(
                "Layer by layer",
                "Each new mixer is fed the teacher's own inputs; the error is how far its heads' outputs are from the"
                        + " softmax heads' outputs.",
                List.of(new Section.Figure("Output error.", "Stage 1 trains every layer on its own.", chart)));
    }

    static Section gates(ResultSet results) {
        Map<Integer, List<PairChart.Pair>> layers = new TreeMap<>();
        double low = LONGEST_DRAWN;
        double high = 1;
        for (HalfLife gate : results.gates()) {
            layers.computeIfAbsent(gate.layer(), layer -> new ArrayList<>())
                    .add(new PairChart.Pair(gate.initial(), gate.trained()));
            low = Math.min(low, Math.min(gate.initial(), gate.trained()));
            high = Math.max(high, Math.max(gate.initial(), gate.trained()));
        }
        if (layers.isEmpty()) {
            return Section.none();
        }
        List<PairChart.Row> rows = new ArrayList<>();
        layers.forEach((layer, pairs) -> rows.add(new PairChart.Row("layer " + layer, pairs)));
        Axis x = new Axis(
                "half-life, tokens, log axis",
                Scale.Log.around(Math.max(low, 0.1), Math.min(high, LONGEST_DRAWN), 4),
                Units.LENGTH,
                7);
        String chart = new PairChart("Half-lives of the gates", x, rows, "initial", "trained").svg();
        return new Section(
                "How long the heads remember",
                "One mark a head: the tokens after which its linear memory has lost half of what it held, by the mean"
                        + " of its gate on held-out text.",
                List.of(new Section.Figure("Half-lives.", "They start spread on purpose.", chart)));
    }
}
