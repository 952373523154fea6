package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.at;

import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import java.util.HashSet;
import java.util.Set;

/** The CSS class that gives a model its colour, dash and mark, the same in every chart and table. */
final class Tone {
    /** Further colours of the style, for those whose role has given its own away. */
    static final int OTHERS = 6;

    private Tone() {}

    /** The role's for the first model that has it; for the others one of a row of further ones. */
    static String of(ResultSet results, String model) {
        Set<Role> taken = new HashSet<>();
        int others = 0;
        for (ModelResult row : results.models()) {
            boolean first = taken.add(row.role()) && row.role() != Role.OTHER;
            if (row.name().equals(model)) {
                return first ? of(row.role()) : "t-m" + (others % OTHERS + 1);
            }
            others += first ? 0 : 1;
        }
        return "t-other";
    }

    private static String of(Role role) {
        return switch (role) {
            case TEACHER -> "t-teacher";
            case SWAPPED -> "t-swapped";
            case TRANSFERRED -> "t-transferred";
            case STUDENT -> "t-student";
            case WINDOW_ONLY -> "t-window";
            case LINEAR_ONLY -> "t-linear";
            case OTHER -> "t-other";
        };
    }

    /** A path: circle, square, diamond, triangle up or down, cross, of about the same weight. */
    static String shape(String tone, double x, double y, double r) {
        return switch (tone) {
            case "t-teacher", "t-m4" ->
                "M%s %sh%sv%sh%sz".formatted(at(x - r), at(y - r), at(2 * r), at(2 * r), at(-2 * r));
            case "t-window", "t-m1" -> polygon(x, y, 1.3 * r, 0, -1, 1, .75, -1, .75);
            case "t-linear", "t-m2" -> polygon(x, y, 1.3 * r, 0, 1, 1, -.75, -1, -.75);
            case "t-transferred", "t-m3" -> polygon(x, y, 1.35 * r, 0, -1, 1, 0, 0, 1, -1, 0);
            case "t-swapped", "t-m5" ->
                polygon(
                        x, y, 1.25 * r, -.4, -1, .4, -1, .4, -.4, 1, -.4, 1, .4, .4, .4, .4, 1, -.4, 1, -.4, .4, -1, .4,
                        -1, -.4, -.4, -.4);
            default ->
                "M%s %sa%s %s 0 1 0 %s 0a%s %s 0 1 0 %s 0z"
                        .formatted(at(x - r), at(y), at(r), at(r), at(2 * r), at(r), at(r), at(-2 * r));
        };
    }

    private static String polygon(double x, double y, double size, double... corners) {
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < corners.length; i += 2) {
            path.append(i == 0 ? "M" : "L")
                    .append(at(x + size * corners[i]))
                    .append(' ')
                    .append(at(y + size * corners[i + 1]));
        }
        return path.append('z').toString();
    }
}
