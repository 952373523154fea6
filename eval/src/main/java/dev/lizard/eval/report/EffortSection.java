package dev.lizard.eval.report;

import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.TaskEffort;
import java.util.ArrayList;
import java.util.List;

/** What asking took. */
final class EffortSection {
    private EffortSection() {}

    static Section of(ResultSet results) {
        List<Table.Column> columns = List.of(
                new Table.Column("Model", ""),
                new Table.Column("Items", ""),
                new Table.Column("Beyond", "trained length"),
                new Table.Column("Read", "tokens"),
                new Table.Column("Time", "s"),
                new Table.Column("Speed", "items/s"),
                new Table.Column("Task", ""));
        List<Table.Row> rows = new ArrayList<>();
        for (TaskEffort effort : results.efforts()) {
            rows.add(new Table.Row(
                    effort.model(),
                    Tone.of(results, effort.model()),
                    List.of(
                            Table.number((double) effort.items(), Units.GENERAL),
                            Table.number((double) effort.beyond(), Units.GENERAL),
                            Table.number((double) effort.tokens(), Units.COUNT),
                            Table.number(effort.seconds(), Units.GENERAL),
                            Table.number(
                                    effort.seconds() > 0 ? effort.items() / effort.seconds() : null, Units.GENERAL),
                            Table.text(effort.task()))));
        }
        return new Section(
                "What asking took",
                "What items share is read once. Items beyond the trained length were asked whole, none is cut.",
                rows.isEmpty() ? List.of() : List.of(new Section.Tabular("", new Table(columns, rows))));
    }
}
