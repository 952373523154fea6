package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;
import static dev.lizard.eval.report.Markup.plain;

import dev.lizard.eval.result.ResultSet;
import java.util.List;

/** The top of the page: what was run, the verdicts on the students, and what the runs tell of themselves. */
final class Headline {
    private Headline() {}

    static String html(List<Run> runs, ResultSet results) {
        StringBuilder out = new StringBuilder("<h2>%s</h2>".formatted(escape(results.title())));
        Verdict.of(results).forEach(verdict -> out.append(verdict.html()));
        for (Run run : runs) {
            String story = String.join(" ", run.results().story());
            if (!story.isEmpty()) {
                out.append("<p class=\"story\">%s%s</p>"
                        .formatted(
                                runs.size() == 1 ? "" : "<b>" + escape(run.name()) + ".</b> ",
                                escape(story.replace(" %", "\u00a0%"))));
            }
        }
        return out.toString();
    }

    static String markdown(List<Run> runs, ResultSet results) {
        StringBuilder out = new StringBuilder("# %s\n\n".formatted(plain(results.title())));
        Verdict.of(results).forEach(verdict -> out.append(verdict.markdown()));
        for (Run run : runs) {
            String story = String.join(" ", run.results().story());
            if (!story.isEmpty()) {
                out.append(runs.size() == 1 ? "" : "**" + plain(run.name()) + ".** ")
                        .append(plain(story))
                        .append("\n\n");
            }
        }
        return out.toString();
    }
}
