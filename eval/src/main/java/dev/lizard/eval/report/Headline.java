package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;

import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The top of a run: its story and the few numbers that tell it. */
final class Headline {
    private Headline() {}

    static String html(List<Run> runs, ResultSet results) {
        StringBuilder out = new StringBuilder("<h2>%s</h2>".formatted(escape(results.title())));
        for (Run run : runs) {
            String story = String.join(" ", run.results().story());
            if (!story.isEmpty()) {
                out.append("<p class=\"story\">%s%s</p>"
                        .formatted(runs.size() == 1 ? "" : "<b>" + escape(run.name()) + ".</b> ", escape(story)));
            }
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
            recall(tiles, results, teacher.get().name(), student.get().name());
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
        if (!(bytes > 0 && before > 0)) {
            return;
        }
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

    /** At the longest texts within the teacher's trained length, and at the longest of all where these are longer. */
    private static void recall(StringBuilder tiles, ResultSet results, String teacher, String student) {
        Integer trained = results.trainedLength();
        if (trained == null || results.recall().isEmpty()) {
            return;
        }
        String task = results.recall().getFirst().task();
        NavigableMap<Integer, Recall> students = byLength(results, task, student);
        NavigableMap<Integer, Recall> teachers = byLength(results, task, teacher);
        students.keySet().retainAll(teachers.keySet());
        recall(tiles, students.floorEntry(trained), teachers, "within the teacher's trained length");
        recall(tiles, students.tailMap(trained, false).lastEntry(), teachers, "beyond it");
    }

    private static void recall(
            StringBuilder tiles,
            Map.@Nullable Entry<Integer, Recall> longest,
            NavigableMap<Integer, Recall> teachers,
            String where) {
        Recall teacher = longest == null ? null : teachers.get(longest.getKey());
        if (longest == null || teacher == null) {
            return;
        }
        Recall student = longest.getValue();
        tile(
                tiles,
                Units.ROUGH_PERCENT.show(student.exact()),
                student.exact(),
                "recall in %s bytes, %s (95 %%: %s); the teacher %s"
                        .formatted(
                                Units.LENGTH.show((double) student.length()),
                                where,
                                Interval.ofShare(student.exact(), student.samples())
                                        .showShare(),
                                Units.ROUGH_PERCENT.show(teacher.exact())));
    }

    private static NavigableMap<Integer, Recall> byLength(ResultSet results, String task, String model) {
        NavigableMap<Integer, Recall> byLength = new TreeMap<>();
        results.recall().stream()
                .filter(row -> row.task().equals(task) && row.model().equals(model))
                .forEach(row -> byLength.put(row.length(), row));
        return byLength;
    }

    private static void tile(StringBuilder tiles, String number, double value, String text) {
        tiles.append("<div class=\"tile\"><b data-value=\"%s\">%s</b><span>%s</span></div>"
                .formatted(value, number, escape(text.replace(" %", "\u00a0%"))));
    }
}
