package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;

import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import java.util.Optional;

/** The top of a run: its story and up to four numbers that tell it. */
final class Headline {
    private Headline() {}

    static String html(ResultSet results) {
        StringBuilder out = new StringBuilder("<h2>%s</h2>".formatted(escape(results.title())));
        if (!results.story().isEmpty()) {
            out.append("<p class=\"story\">")
                    .append(escape(String.join(" ", results.story())))
                    .append("</p>");
        }
        StringBuilder tiles = new StringBuilder();
        Optional<ModelResult> teacher = find(results, Role.TEACHER);
        Optional<ModelResult> student = find(results, Role.STUDENT);
        if (teacher.isPresent() && student.isPresent()) {
            loss(tiles, teacher.get(), student.get());
            Double agreement = student.get().agreement();
            if (agreement != null) {
                tile(
                        tiles,
                        Units.PERCENT.show(agreement),
                        agreement,
                        "of the time student and teacher put the same token first");
            }
            state(tiles, results, teacher.get().name(), student.get().name());
        }
        if (!tiles.isEmpty()) {
            out.append("<div class=\"tiles\">").append(tiles).append("</div>");
        }
        return out.toString();
    }

    private static Optional<ModelResult> find(ResultSet results, Role role) {
        return results.models().stream().filter(model -> model.role() == role).findFirst();
    }

    private static void loss(StringBuilder tiles, ModelResult teacher, ModelResult student) {
        Double before = teacher.bitsPerByte();
        Double after = student.bitsPerByte();
        if (before != null && after != null) {
            tile(tiles, Units.FINE.show(after), after, "bits per byte; the teacher has " + Units.FINE.show(before));
        }
    }

    private static void state(StringBuilder tiles, ResultSet results, String teacher, String student) {
        Efficiency last = null;
        Efficiency cache = null;
        for (Efficiency row : results.efficiency()) {
            if (row.model().equals(student) && (last == null || row.context() > last.context())) {
                last = row;
            }
            if (row.model().equals(teacher) && (cache == null || row.context() > cache.context())) {
                cache = row;
            }
        }
        if (last == null || cache == null || last.context() != cache.context()) {
            return;
        }
        double bytes = last.stateBytes();
        double before = cache.stateBytes();
        String context = Units.LENGTH.show((double) last.context());
        tile(
                tiles,
                Units.BYTES.show(bytes),
                bytes,
                "of state at %s tokens; the teacher's cache has %s".formatted(context, Units.BYTES.show(before)));
        tile(
                tiles,
                Units.GENERAL.show(before / bytes) + "\u00d7",
                before / bytes,
                "less memory at " + context + " tokens");
    }

    private static void tile(StringBuilder tiles, String number, double value, String text) {
        tiles.append("<div class=\"tile\"><b data-value=\"%s\">%s</b><span>%s</span></div>"
                .formatted(value, number, escape(text)));
    }
}
