package dev.lizard.eval.report;

import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.StructureFit;
import dev.lizard.eval.result.WeightMatch;
import java.util.ArrayList;
import java.util.List;

/** How much the students' mixing weights are the teacher's, and what could be. */
final class WeightSection {
    private WeightSection() {}

    static Section of(ResultSet results) {
        List<Table.Column> columns = List.of(
                new Table.Column("Model", ""),
                new Table.Column("Layer", ""),
                new Table.Column("KL to teacher's row", "nats, 95 % interval"),
                new Table.Column("Entropy", "nats"),
                new Table.Column("Teacher's", "nats"),
                new Table.Column("Rank correlation", "with q·k"),
                new Table.Column("Windows", ""));
        List<Table.Row> rows = new ArrayList<>();
        for (WeightMatch row : results.weightMatches()) {
            rows.add(new Table.Row(
                    row.model(),
                    Tone.of(results, row.model()),
                    List.of(
                            Table.text(row.layer() == null ? "all" : row.layer().toString()),
                            Table.ranged(row.kl(), Units.FINE, InsideSections.interval(row.kl(), row.klError())),
                            Table.number(row.entropy(), Units.FINE),
                            Table.number(row.teacherEntropy(), Units.FINE),
                            Table.number(row.rank(), Units.FINE),
                            Table.number((double) row.windows(), Units.GENERAL))));
        }
        return new Section(
                "Whose weights they are",
                "Rows of the mixing matrices beside the teacher's softmax, on the teacher's own inputs, of layers whose"
                        + " weights are shares: how far they are, how spread, and whether they rise with q·k.",
                rows.isEmpty() ? List.of() : List.of(new Section.Tabular("", new Table(columns, rows))));
    }

    static Section structures(ResultSet results) {
        List<Table.Column> columns = List.of(
                new Table.Column("Model", ""),
                new Table.Column("Structure", ""),
                new Table.Column("State", "numbers a channel"),
                new Table.Column("Error", "of size, 95 % interval"),
                new Table.Column("Matrices", ""));
        List<Table.Row> rows = new ArrayList<>();
        for (StructureFit row : results.structureFits()) {
            rows.add(new Table.Row(
                    row.model(),
                    Tone.of(results, row.model()),
                    List.of(
                            Table.text(row.structure()),
                            Table.number((double) row.size(), Units.GENERAL),
                            Table.ranged(row.error(), Units.FINE, InsideSections.interval(row.error(), row.stderr())),
                            Table.number((double) row.matrices(), Units.GENERAL))));
        }
        return new Section(
                "What attention can be made of",
                "Matrices that recurrences make, each fitted to one of the model's attention: with decays that tokens"
                        + " have (ssd), without decay (linear), the same for all tokens (toeplitz).",
                rows.isEmpty() ? List.of() : List.of(new Section.Tabular("", new Table(columns, rows))));
    }
}
