package dev.lizard.eval.report;

import dev.lizard.eval.result.Conversion;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Recipes in one frame: the same teacher, text and tokens, best first. */
final class RivalSection {
    private RivalSection() {}

    static Section of(ResultSet results) {
        if (results.conversions().isEmpty()) {
            return Section.none();
        }
        List<Table.Column> columns = List.of(
                new Table.Column("Recipe", ""),
                new Table.Column("NLL", "nats a token, seeds"),
                new Table.Column("Above the teacher", "nats"),
                new Table.Column("KL to teacher", "nats a token"),
                new Table.Column("State", "bytes at 64K"),
                new Table.Column("Without memory", "NLL rises by"),
                new Table.Column("Without window", "NLL rises by"),
                new Table.Column("Trained on", "tokens"),
                new Table.Column("Training", "tokens/s"),
                new Table.Column("Writing", "ms a token"),
                new Table.Column("Seeds", ""));
        Map<String, ModelResult> models = new LinkedHashMap<>();
        results.models().forEach(model -> models.put(model.name(), model));
        Double teacher = results.models().stream()
                .filter(model -> model.role() == Role.TEACHER && model.nll() != null)
                .map(ModelResult::nll)
                .findFirst()
                .orElse(null);
        List<Table.Row> rows = new ArrayList<>();
        results.conversions().stream()
                .collect(Collectors.groupingBy(RivalSection::name, LinkedHashMap::new, Collectors.toList()))
                .entrySet()
                .stream()
                .sorted(Comparator.comparingDouble(rival -> mean(rival.getValue(), Conversion::nll)))
                .forEach(rival -> rows.add(row(rival.getKey(), rival.getValue(), models, teacher, results)));
        return new Section(
                "Rivals in one frame",
                "Each recipe on the same teacher, data and number of tokens, best first; a range is that of its seeds."
                        + " A part without which little is lost did little.",
                List.of(new Section.Tabular("", new Table(columns, rows))));
    }

    private static String name(Conversion row) {
        String mixer = row.mixer().equals(row.recipe()) ? "" : " (" + row.mixer() + ")";
        return row.recipe() + mixer + (row.first() == 0 ? "" : ", first " + row.first());
    }

    private static Table.Row row(
            String name,
            List<Conversion> seeds,
            Map<String, ModelResult> models,
            @Nullable Double teacher,
            ResultSet results) {
        double nll = mean(seeds, Conversion::nll);
        double least = seeds.stream().mapToDouble(Conversion::nll).min().orElse(nll);
        double most = seeds.stream().mapToDouble(Conversion::nll).max().orElse(nll);
        return new Table.Row(
                name,
                Tone.of(results, seeds.getFirst().model()),
                List.of(
                        Table.ranged(nll, Units.FINE, seeds.size() < 2 ? null : new Interval(least, most, "all seeds")),
                        Table.number(teacher == null ? null : (Double) (nll - teacher), Units.FINE),
                        Table.number(
                                some(seeds, row -> {
                                    ModelResult model = models.get(row.model());
                                    return model == null ? null : model.kl();
                                }),
                                Units.FINE),
                        Table.number((double) seeds.getFirst().stateBytes(), Units.BYTES),
                        Table.number(some(seeds, Conversion::windowAlone), Units.FINE),
                        Table.number(some(seeds, Conversion::memoryAlone), Units.FINE),
                        Table.number(mean(seeds, row -> (double) row.tokens()), Units.COUNT),
                        Table.number(mean(seeds, row -> row.tokens() / row.seconds()), Units.COUNT),
                        Table.number(some(seeds, Conversion::decodeMs), Units.FINE),
                        Table.number((double) seeds.size(), Units.COUNT)));
    }

    private static double mean(List<Conversion> seeds, Function<Conversion, Double> of) {
        return seeds.stream().mapToDouble(of::apply).average().orElse(0);
    }

    /** The mean of those there are. */
    private static @Nullable Double some(List<Conversion> seeds, Function<Conversion, @Nullable Double> of) {
        List<Double> there = seeds.stream()
                .map(of)
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .toList();
        return there.isEmpty()
                ? null
                : (Double) there.stream().mapToDouble(value -> value).average().orElse(0);
    }
}
