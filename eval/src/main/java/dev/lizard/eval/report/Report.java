package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;

import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.eval.result.ResultSet;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * One HTML page from the results of one or several runs. It needs nothing beside itself: style and drawings are in it,
 * there is no script, and it follows the reader's light or dark setting.
 */
public final class Report {
    private Report() {}

    /**
     * Writes {@code file} from the {@code results.json} of each folder.
     *
     * @throws LizardException INPUT for a folder without readable results, ENVIRONMENT where the page cannot be written
     */
    public static void write(Path file, List<Path> folders) {
        if (folders.isEmpty()) {
            throw LizardException.usage("no folder given; name one that holds " + ResultSet.FILE);
        }
        write(file, page(Run.read(folders)));
    }

    /** Writes {@code file} from one run's results. */
    public static void write(Path file, ResultSet results) {
        write(file, html(List.of(results)));
    }

    private static void write(Path file, String page) {
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.write(file, page.getBytes(StandardCharsets.UTF_8)); // halves of characters become "?"
        } catch (IOException e) {
            throw new LizardException(
                    Kind.ENVIRONMENT, "cannot write %s: %s; choose another --out".formatted(file, e.getMessage()), e);
        }
    }

    /** The page itself. */
    public static String html(List<ResultSet> runs) {
        return page(Run.of(runs));
    }

    private static String page(List<Run> runs) {
        ResultSet whole = Join.of(runs);
        StringBuilder out =
                new StringBuilder("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        out.append("<meta name=\"color-scheme\" content=\"light dark\">\n");
        out.append("<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n"
                .formatted(escape(whole.title()), style()));
        out.append("<header><p class=\"brand\">Lizard</p></header>\n");
        out.append(Headline.html(runs, whole)).append('\n');
        Part.IN_ORDER.forEach(part -> out.append(part.html(runs, whole)));
        return out.append("</main>\n</body>\n</html>\n").toString();
    }

    private static String style() {
        try (InputStream in = Report.class.getResourceAsStream("report.css")) {
            if (in == null) {
                throw new IllegalStateException("resource report.css is missing from the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
