package dev.lizard.eval.report;

import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A student and the teacher it is held against, with their figures. */
record Pairing(String teacher, String student, List<Difference> differences) {
    /** One a student; of several teachers the one of the same run, or the first. */
    static List<Pairing> of(ResultSet results) {
        List<Measured> figures = Measurements.of(results);
        List<Pairing> pairings = new ArrayList<>();
        for (ModelResult model : results.models()) {
            if (model.role() == Role.STUDENT) {
                teacher(results, model.name())
                        .ifPresent(teacher -> pairings.add(new Pairing(
                                teacher, model.name(), differences(results, figures, teacher, model.name()))));
            }
        }
        return pairings;
    }

    private static Optional<String> teacher(ResultSet results, String student) {
        List<String> teachers = results.models().stream()
                .filter(model -> model.role() == Role.TEACHER)
                .map(ModelResult::name)
                .toList();
        return teachers.stream()
                .filter(teacher -> run(teacher).equals(run(student)))
                .findFirst()
                .or(() -> teachers.stream().findFirst());
    }

    private static String run(String name) {
        return name.endsWith(")") ? name.substring(name.lastIndexOf('(') + 1) : "";
    }

    private static List<Difference> differences(
            ResultSet results, List<Measured> figures, String teacher, String student) {
        List<Difference> differences = new ArrayList<>();
        for (Measured after : figures) {
            if (after.model().equals(student)) {
                figures.stream()
                        .filter(before -> before.model().equals(teacher) && before.sameThing(after))
                        .findFirst()
                        .ifPresent(before -> differences.add(difference(results, before, after)));
            }
        }
        return differences;
    }

    private static Difference difference(ResultSet results, Measured teacher, Measured student) {
        String size = student.traits().get(Measured.SIZE);
        String task = size == null ? student.task() : student.task() + "@" + size;
        return results.comparisons().stream()
                .filter(row -> row.task().equals(task)
                        && row.metric().equals(student.metric())
                        && row.model().equals(student.model())
                        && row.baseline().equals(teacher.model())
                        && row.low() < row.high())
                .findFirst()
                .map(paired -> Difference.of(teacher, student, paired))
                .orElseGet(() -> Difference.of(teacher, student));
    }

    /** That of a figure, where both have it. */
    Optional<Difference> difference(Measured figure) {
        return differences.stream()
                .filter(row -> row.student().sameThing(figure))
                .findFirst();
    }
}
