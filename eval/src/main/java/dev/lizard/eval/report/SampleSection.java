package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;
import static dev.lizard.eval.report.Markup.plain;

import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import dev.lizard.eval.result.Sample;
import java.util.List;

/** What the models wrote, and why a teacher that is taken beyond its length writes nonsense. */
final class SampleSection {
    private SampleSection() {}

    static Section of(ResultSet results) {
        StringBuilder html = new StringBuilder();
        StringBuilder markdown = new StringBuilder();
        for (Sample sample : results.samples()) {
            html.append(("<figure class=\"sample\"><figcaption><i class=\"chip %s\"></i><b>%s</b>%s</figcaption>"
                            + "<blockquote><span>%s</span>%s</blockquote></figure>")
                    .formatted(
                            Tone.of(results, sample.model()),
                            escape(sample.model()),
                            escape(length(sample)),
                            escape(sample.prompt()),
                            escape(sample.continuation())));
            markdown.append("- **%s**%s: \u201c%s\u201d **%s**\n"
                    .formatted(
                            plain(sample.model()),
                            length(sample),
                            plain(sample.prompt().strip()),
                            plain(sample.continuation().strip())));
        }
        return new Section(
                "In its own words",
                "The prompt is grey; what follows is the model's." + why(results),
                html.isEmpty() ? List.of() : List.of(new Section.Text("", html.toString(), markdown.toString())));
    }

    private static String length(Sample sample) {
        Integer context = sample.context();
        return context == null ? "" : ", after %s tokens".formatted(Units.LENGTH.show((double) context));
    }

    /** Said only where a teacher's sample is, or may be, of a prompt longer than what it was trained on. */
    private static String why(ResultSet results) {
        Integer trained = results.trainedLength();
        return trained != null && results.samples().stream().anyMatch(sample -> beyond(results, sample, trained))
                ? (" The teacher was trained on %s tokens at a time. Beyond them stand positions that it never saw, so"
                                + " what it writes after a longer prompt is gibberish; the student, whose state has no"
                                + " length, goes on.")
                        .formatted(Units.LENGTH.show((double) trained))
                : "";
    }

    private static boolean beyond(ResultSet results, Sample sample, int trained) {
        Integer context = sample.context();
        boolean longer = context == null ? sample.prompt().startsWith("\u2026") : context > trained;
        return longer && results.role(sample.model()) == Role.TEACHER;
    }
}
