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
                        .ifPresent(teacher -> pairings.add(
                                new Pairing(teacher, model.name(), differences(figures, teacher, model.name()))));
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

    private static List<Difference> differences(List<Measured> figures, String teacher, String student) {
        List<Difference> differences = new ArrayList<>();
        for (Measured after : figures) {
            if (after.model().equals(student)) {
                figures.stream()
                        .filter(before -> before.model().equals(teacher) && before.sameThing(after))
                        .findFirst()
                        .ifPresent(before -> differences.add(Difference.of(before, after)));
            }
        }
        return differences;
    }
}
