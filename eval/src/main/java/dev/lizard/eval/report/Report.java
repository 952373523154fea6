package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.LizardException;
import dev.lizard.base.Resources;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.eval.result.ResultSet;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One HTML page from the results of one or several runs. It needs nothing beside itself: style and drawings are in it,
 * there is no script, and it follows the reader's light or dark setting.
 */
public final class Report {
    private Report() {}

    /** What can be made of results. */
    public enum Format {
        HTML,
        MARKDOWN,
        /** One figure a line. */
        CSV,
        /** A README.md as the Hugging Face hub reads it. */
        MODEL_CARD
    }

    /**
     * Writes each file from the {@code results.json} of all folders.
     *
     * @throws LizardException INPUT for a folder without readable results, ENVIRONMENT where a file cannot be written
     */
    public static void write(Map<Path, Format> files, List<Path> folders) {
        List<Run> runs = Run.read(folders);
        ResultSet whole = Join.of(runs);
        files.forEach((file, format) ->
                AtomicFiles.write(file, made(format, runs, whole).getBytes(UTF_8)));
    }

    /** Writes {@code file} from one run's results. */
    public static void write(Path file, ResultSet results) {
        AtomicFiles.write(file, html(List.of(results)).getBytes(UTF_8)); // halves of characters become "?"
    }

    /** The page itself. */
    public static String html(List<ResultSet> results) {
        List<Run> runs = Run.of(results);
        return made(Format.HTML, runs, Join.of(runs));
    }

    private static String made(Format format, List<Run> runs, ResultSet whole) {
        return switch (format) {
            case HTML -> page(runs, whole);
            case MARKDOWN -> markdown(runs, whole);
            case CSV -> Tidy.csv(runs, whole);
            case MODEL_CARD -> ModelCard.of(runs, whole);
        };
    }

    private static String markdown(List<Run> runs, ResultSet whole) {
        StringBuilder out = new StringBuilder(Headline.markdown(runs, whole));
        Part.IN_ORDER.forEach(part -> out.append(part.of(runs, whole).markdown()));
        return out.toString();
    }

    private static String page(List<Run> runs, ResultSet whole) {
        StringBuilder out =
                new StringBuilder("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        out.append("<meta name=\"color-scheme\" content=\"light dark\">\n");
        out.append("<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n"
                .formatted(escape(whole.title()), Resources.text(Report.class, "report.css")));
        out.append("<header><p class=\"brand\">Lizard</p></header>\n");
        out.append(Headline.html(runs, whole)).append('\n');
        Part.IN_ORDER.forEach(part -> out.append(part.of(runs, whole).html()));
        return out.append("</main>\n</body>\n</html>\n").toString();
    }
}
