package dev.lizard.cli;

import dev.lizard.eval.inside.Aspect;
import dev.lizard.eval.result.Ablation;
import dev.lizard.eval.result.Agreement;
import dev.lizard.eval.result.Attribution;
import dev.lizard.eval.result.GateHistogram;
import dev.lizard.eval.result.HeadError;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PartShare;
import dev.lizard.eval.result.Repetition;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.WeightMatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The gist of what {@code lizard examine} found of an aspect, in a few lines for a terminal. */
final class ExamineText {
    private ExamineText() {}

    static String of(Aspect aspect, ResultSet found) {
        List<String> lines = switch (aspect) {
            case HEADS ->
                found.headErrors().stream()
                        .filter(row -> row.head() == null)
                        .map(ExamineText::error)
                        .toList();
            case WEIGHTS -> weights(found.weightMatches());
            case HORIZONS ->
                found.gateHistograms().stream().map(ExamineText::gates).toList();
            case SHARES -> parts(found.partShares());
            case POSITIONS -> found.models().stream().map(ExamineText::quality).toList();
            case WITHOUT ->
                found.ablations().stream().map(ExamineText::ablation).toList();
            case ATTENTION ->
                found.attributions().stream().map(ExamineText::attribution).toList();
            case AGREEMENT ->
                found.agreements().stream().map(ExamineText::agreement).toList();
            case REPETITION ->
                found.repetitions().stream().map(ExamineText::repetition).toList();
            case ANSWERS -> List.of("%,d answers".formatted(found.answers().size()));
        };
        return lines.stream().map(line -> aspect + "  " + line).collect(Collectors.joining(System.lineSeparator()));
    }

    private static String error(HeadError row) {
        return String.format(
                Locale.ROOT,
                "layer %2d  error %.4f%s  %d windows",
                row.layer(),
                row.error(),
                pm(row.stderr()),
                row.windows());
    }

    private static List<String> weights(List<WeightMatch> rows) {
        return rows.isEmpty()
                ? List.of("no layer's weights are shares")
                : rows.stream()
                        .map(row -> String.format(
                                Locale.ROOT,
                                "%-10s KL %.4f%s  entropy %.3f, teacher's %.3f  rank %.4f  %d windows",
                                row.layer() == null ? "layers" : "layer %2d".formatted(row.layer()),
                                row.kl(),
                                pm(row.klError()),
                                row.entropy(),
                                row.teacherEntropy(),
                                row.rank(),
                                row.windows()))
                        .toList();
    }

    /** The bin that the middle gate is in. */
    private static String gates(GateHistogram row) {
        long seen = 0;
        int bin = 0;
        while (bin < row.edges().size() && 2 * (seen + row.counts().get(bin)) < row.total()) {
            seen += row.counts().get(bin++);
        }
        String median = bin == 0
                ? String.format(Locale.ROOT, "below %,.0f", row.edges().getFirst())
                : String.format(Locale.ROOT, "%,.0f or more", row.edges().get(bin - 1));
        return String.format(
                Locale.ROOT, "layer %2d  median half-life %s tokens  %,d gates", row.layer(), median, row.total());
    }

    private static List<String> parts(List<PartShare> rows) {
        Map<Integer, String> lines = new LinkedHashMap<>();
        for (PartShare row : rows) {
            String share = String.format(
                    Locale.ROOT,
                    "%s %.3f%s of weight %.3f",
                    row.part(),
                    row.output(),
                    pm(row.outputError()),
                    row.weight());
            lines.merge(row.layer(), share, (before, more) -> before + ", " + more);
        }
        return lines.entrySet().stream()
                .map(line -> String.format(Locale.ROOT, "layer %2d  output: %s", line.getKey(), line.getValue()))
                .toList();
    }

    private static String quality(ModelResult row) {
        return String.format(Locale.ROOT, "%-20s", row.name())
                + part(" NLL ", row.nll())
                + part("  KL ", row.kl())
                + part("  agreement ", row.agreement());
    }

    private static String ablation(Ablation row) {
        String what = row.without().isEmpty() ? "whole" : "without " + row.without();
        return String.format(
                Locale.ROOT,
                "%-20s NLL %.4f  rise %.4f%s  KL %.4f",
                what,
                row.nll(),
                row.rise(),
                pm(row.riseError()),
                row.kl());
    }

    private static String attribution(Attribution row) {
        return String.format(
                Locale.ROOT, "%-20s foretells '%s' with %.3f", row.model(), row.predicted(), row.probability());
    }

    private static String agreement(Agreement row) {
        return String.format(
                Locale.ROOT,
                "%-8s %d prompts  together %.1f%s of %d tokens  forced %.4f%s  free %.4f%s  whole %.3f",
                row.set(),
                row.prompts(),
                row.together(),
                pm(row.togetherError()),
                row.tokens(),
                row.forced(),
                pm(row.forcedError()),
                row.free(),
                pm(row.freeError()),
                row.whole());
    }

    private static String repetition(Repetition row) {
        String distinct = row.distinct().stream()
                .map(share -> String.format(Locale.ROOT, "%.3f", share))
                .collect(Collectors.joining(" "));
        return String.format(
                Locale.ROOT,
                "%-20s %,d tokens  distinct-1..4 %s  repeated %.3f%s  longest loop %d",
                row.model(),
                row.tokens(),
                distinct,
                row.repeated(),
                pm(row.repeatedError()),
                row.longestLoop());
    }

    private static String pm(@Nullable Double stderr) {
        return part(" ± ", stderr);
    }

    private static String part(String name, @Nullable Double value) {
        return value == null ? "" : name + String.format(Locale.ROOT, "%.4f", value);
    }
}
