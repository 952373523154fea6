package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;
import static dev.lizard.eval.report.Markup.plain;

import dev.lizard.eval.result.AttentionMap;
import dev.lizard.eval.result.Attribution;
import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Mixing matrices as pictures, and the tokens that a prediction comes from. */
final class AttentionSection {
    /** Sources that are named in words. */
    private static final int NAMED = 5;

    private AttentionSection() {}

    static Section of(ResultSet results) {
        List<Section.Block> blocks = new ArrayList<>();
        for (AttentionMap map : results.attention()) {
            if (!map.tokens().isEmpty()) {
                blocks.add(picture(map));
            }
        }
        StringBuilder html = new StringBuilder();
        StringBuilder markdown = new StringBuilder();
        for (Attribution row : results.attributions()) {
            html.append(sources(row, Tone.of(results, row.model())));
            markdown.append("- %s\n".formatted(plain(words(row))));
        }
        if (!html.isEmpty()) {
            blocks.add(new Section.Text("Where a prediction comes from", html.toString(), markdown.toString()));
        }
        return new Section(
                "What is attended to",
                "A row shows from which tokens a head's output at a token is mixed: softmax weights of the teacher,"
                        + " and the matrix that a student's mixer amounts to. Sources of a prediction are by attention"
                        + " rollout over all layers, heads averaged: the stronger the shade, the larger the share.",
                blocks);
    }

    private static Section.Figure picture(AttentionMap map) {
        int tokens = map.tokens().size();
        List<List<HeatMap.@Nullable Cell>> cells = new ArrayList<>();
        for (int t = 0; t < tokens; t++) {
            List<HeatMap.@Nullable Cell> row = new ArrayList<>();
            for (int s = 0; s < tokens; s++) {
                boolean there =
                        t < map.weights().size() && s < map.weights().get(t).size();
                row.add(there ? new HeatMap.Cell(map.weights().get(t).get(s)) : null);
            }
            cells.add(row);
        }
        String title = "%s, layer %d, head %d.".formatted(map.model(), map.layer(), map.head());
        HeatMap drawn = new HeatMap(
                title, "token", map.tokens(), "takes from", map.tokens(), cells, Units.PLAIN, 0, strongest(map));
        return new Section.Figure(title, "Each row sums to 1 or, beside sinks, to less.", drawn.svg());
    }

    /** Of tokens that have others to choose from; the first has none. */
    private static double strongest(AttentionMap map) {
        return map.weights().stream()
                .skip(1)
                .flatMap(List::stream)
                .mapToDouble(Double::doubleValue)
                .max()
                .orElse(1);
    }

    private static String sources(Attribution row, String tone) {
        double most =
                row.shares().stream().mapToDouble(Double::doubleValue).max().orElse(1);
        StringBuilder out = new StringBuilder("<p class=\"sources %s\" title=\"%s\"><i class=\"chip %s\"></i><b>%s</b> "
                .formatted(tone, escape(words(row)), tone, escape(row.model())));
        for (int i = 0; i < Math.min(row.tokens().size(), row.shares().size()); i++) {
            double share = row.shares().get(i) / Math.max(most, Scale.SMALLEST);
            long strength = Math.round(70 * Math.clamp(Double.isNaN(share) ? 0 : share, 0.0, 1.0));
            out.append("<span style=\"--s:%d%%\" title=\"%s\">%s</span>\u200b"
                    .formatted(
                            strength,
                            Units.PERCENT.show(row.shares().get(i)),
                            escape(row.tokens().get(i))));
        }
        return out + " <b>%s</b> (%s)</p>".formatted(escape(row.predicted()), Units.PERCENT.show(row.probability()));
    }

    private static String words(Attribution row) {
        int count = Math.min(row.tokens().size(), row.shares().size());
        List<String> strongest = IntStream.range(0, count)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -row.shares().get(i)))
                .limit(NAMED)
                .map(i -> "%s (%d) %s"
                        .formatted(
                                row.tokens().get(i),
                                i + 1,
                                Units.PERCENT.show(row.shares().get(i))))
                .toList();
        return String.format(Locale.ROOT, "%s foretells %s from ", row.model(), row.predicted())
                + String.join(", ", strongest);
    }
}
