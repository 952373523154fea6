package dev.lizard.eval.report;

import dev.lizard.eval.result.Bucket;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import java.util.ArrayList;
import java.util.List;

/** What the models can do: the table, the text by position, the branches alone, recall. */
final class QualitySections {
    private static final List<String> METRICS = List.of(
            PositionCurve.BITS_PER_BYTE,
            PositionCurve.NLL,
            PositionCurve.NLL_REPEATED,
            PositionCurve.NLL_FIRST_SEEN,
            PositionCurve.KL,
            PositionCurve.AGREEMENT);

    private static final double FAR = 1.5;

    private QualitySections() {}

    static Section models(ResultSet results) {
        List<Table.Column> columns = List.of(
                new Table.Column("Model", ""),
                new Table.Column("Trained on", "tokens"),
                new Table.Column("NLL", "nats a token"),
                new Table.Column("Perplexity", ""),
                new Table.Column("Bits per byte", ""),
                new Table.Column("KL to teacher", "nats a token"),
                new Table.Column("Same top token", ""));
        List<Table.Row> rows = new ArrayList<>();
        for (ModelResult model : results.models()) {
            Long tokens = model.tokens();
            rows.add(new Table.Row(
                    model.name(),
                    Tone.of(results, model.name()),
                    List.of(
                            Table.number(tokens == null ? null : tokens.doubleValue(), Units.COUNT),
                            Table.number(model.nll(), Units.FINE),
                            Table.number(model.perplexity(), Units.PLAIN),
                            Table.number(model.bitsPerByte(), Units.FINE),
                            Table.number(model.kl(), Units.FINE),
                            Table.number(model.agreement(), Units.PERCENT))));
        }
        return new Section(
                "The models",
                "All on the same held-out text. KL and agreement compare each model's next-token distribution with the"
                        + " teacher's at every position.",
                rows.isEmpty() ? List.of() : List.of(new Section.Tabular("", new Table(columns, rows))));
    }

    static Section positions(ResultSet results) {
        List<Section.Block> figures = new ArrayList<>();
        for (String metric : METRICS) {
            List<PositionCurve> curves = results.positions().stream()
                    .filter(curve -> curve.metric().equals(metric))
                    .toList();
            if (!curves.isEmpty()) {
                figures.add(positionFigure(results, metric, curves));
            }
        }
        return new Section(
                "Along the text",
                "The same windows of text, cut into stretches by position. A model that uses its context gets better to"
                        + " the right; one that only knows its window does not. Each mark ends its stretch; models far"
                        + " off the others' range are left to the table.",
                figures);
    }

    private static Section.Figure positionFigure(ResultSet results, String metric, List<PositionCurve> curves) {
        List<Line> lines = new ArrayList<>();
        double farthest = 2;
        double nearest = Double.MAX_VALUE;
        for (PositionCurve curve : near(results, curves)) {
            List<Line.Point> points = new ArrayList<>();
            for (Bucket bucket : curve.buckets()) {
                points.add(new Line.Point(
                        bucket.to(), bucket.value(), InsideSections.interval(bucket.value(), bucket.stderr())));
                farthest = Math.max(farthest, bucket.to());
                nearest = Math.min(nearest, bucket.to());
            }
            lines.add(new Line(curve.model(), Tone.of(results, curve.model()), points));
        }
        boolean share = metric.equals(PositionCurve.AGREEMENT);
        String label = switch (metric) {
            case PositionCurve.BITS_PER_BYTE -> "bits per byte, lower is better";
            case PositionCurve.NLL, PositionCurve.NLL_REPEATED, PositionCurve.NLL_FIRST_SEEN ->
                "NLL, nats a token, lower is better";
            case PositionCurve.KL -> "KL(teacher \u2016 model), nats a token";
            default -> "same most likely token as the teacher";
        };
        String title = switch (metric) {
            case PositionCurve.BITS_PER_BYTE -> "Bits per byte.";
            case PositionCurve.NLL -> "NLL.";
            case PositionCurve.NLL_REPEATED -> "NLL of what the text said before.";
            case PositionCurve.NLL_FIRST_SEEN -> "NLL of what is new in the text.";
            case PositionCurve.KL -> "Distance to the teacher.";
            default -> "Agreement.";
        };
        Axis x = new Axis(
                "position in the text, tokens, log axis",
                Scale.Log.tight(Math.max(1, nearest), farthest, 2),
                Units.LENGTH,
                6);
        boolean loss = !share && !metric.equals(PositionCurve.KL);
        Axis y = loss && LineCharts.wide(lines)
                ? new Axis(label + ", log axis", LineCharts.logY(lines, 2), Units.GENERAL, 6)
                : new Axis(label, LineCharts.linear(lines), share ? Units.ROUGH_PERCENT : Units.GENERAL, 5);
        return new Section.Figure(title, "By position.", LineCharts.draw(title, x, y, lines, results));
    }

    /**
     * The curves without the teacher's own zeros, and without the models that nobody expects to be good where they
     * would squeeze the others into one line.
     */
    private static List<PositionCurve> near(ResultSet results, List<PositionCurve> curves) {
        double most = 0;
        for (PositionCurve curve : curves) {
            if (!poor(results.role(curve.model()))) {
                most = Math.max(most, highest(curve));
            }
        }
        List<PositionCurve> kept = new ArrayList<>();
        for (PositionCurve curve : curves) {
            boolean far = poor(results.role(curve.model())) && highest(curve) > FAR * most;
            if (!far && highest(curve) > 0) {
                kept.add(curve);
            }
        }
        return kept.isEmpty() ? curves : kept;
    }

    private static boolean poor(Role role) {
        return role == Role.SWAPPED || role == Role.LINEAR_ONLY;
    }

    private static double highest(PositionCurve curve) {
        return curve.buckets().stream().mapToDouble(Bucket::value).max().orElse(0);
    }

    static Section ablations(ResultSet results) {
        List<BarChart.Bar> bits = new ArrayList<>();
        List<BarChart.Bar> distance = new ArrayList<>();
        boolean ablated = false;
        for (ModelResult model : results.models()) {
            boolean shown = model.role() == Role.TEACHER
                    || model.role() == Role.STUDENT
                    || model.role() == Role.WINDOW_ONLY
                    || model.role() == Role.LINEAR_ONLY;
            ablated |= model.role() == Role.WINDOW_ONLY || model.role() == Role.LINEAR_ONLY;
            String tone = Tone.of(results, model.name());
            Double bpb = model.bitsPerByte() == null ? model.nll() : model.bitsPerByte();
            if (shown && bpb != null) {
                bits.add(new BarChart.Bar(model.name(), tone, bpb));
            }
            if (shown && model.kl() != null && model.role() != Role.TEACHER) {
                distance.add(new BarChart.Bar(model.name(), tone, model.kl()));
            }
        }
        List<Section.Block> figures = new ArrayList<>();
        if (ablated && !bits.isEmpty()) {
            boolean bytes = results.models().stream().anyMatch(model -> model.bitsPerByte() != null);
            String label = bytes ? "bits per byte, lower is better" : "NLL, nats a token, lower is better";
            figures.add(new Section.Figure(
                    "Loss.", "On the held-out text.", new BarChart("Branch ablation", label, Units.FINE, bits).svg()));
        }
        if (ablated && !distance.isEmpty()) {
            figures.add(new Section.Figure(
                    "Distance.",
                    "From the teacher's distribution.",
                    new BarChart("Branch ablation", "KL to the teacher, nats a token", Units.FINE, distance).svg()));
        }
        return new Section(
                "Each branch alone",
                "The trained student with one branch switched off and nothing retrained: if one of them could go"
                        + " without harm, the other would be doing all the work.",
                figures);
    }
}
