package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.eval.report.Report;
import dev.lizard.eval.report.Report.Format;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

/** {@code lizard report}: one page from the results of runs. */
@Command(name = "report", description = "Writes one self-contained page from results.json of the given folders.")
final class ReportCommand implements Action {
    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "The page to write; its ending chooses the form: .html, .md or .csv.")
    @Nullable
    Path out;

    @Option(names = "--markdown", paramLabel = "FILE", description = "The same as Markdown.")
    @Nullable
    Path markdown;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description = "All figures, one a line: model, task, metric, traits, value, 95 %% interval, n.")
    @Nullable
    Path csv;

    @Option(
            names = "--model-card",
            paramLabel = "FILE",
            description = "A README.md for the Hugging Face hub, with the results as model-index.")
    @Nullable
    Path modelCard;

    @Parameters(
            paramLabel = "DIR",
            arity = "1..*",
            description = "Folders that hold a results.json; models of the same name are told apart.")
    List<Path> folders;

    @Override
    public int run(Context context) {
        Map<Path, Format> files = new LinkedHashMap<>();
        if (out != null) {
            add(files, out, byEnding(out));
        }
        add(files, markdown, Format.MARKDOWN);
        add(files, csv, Format.CSV);
        add(files, modelCard, Format.MODEL_CARD);
        if (files.isEmpty()) {
            throw LizardException.usage(
                    "nothing to write: expected --out, --markdown, --csv or --model-card but found none; give one");
        }
        Report.write(files, folders);
        List<String> names = files.keySet().stream().map(Path::toString).toList();
        ObjectNode done = Json.object().put("done", true).put("out", names.getFirst());
        names.forEach(done.putArray("files")::add);
        context.console().result(done, "wrote " + String.join(", ", names));
        return 0;
    }

    private static void add(Map<Path, Format> files, @Nullable Path file, Format format) {
        if (file != null && files.put(file, format) != null) {
            throw LizardException.usage("two forms for %s: expected a file each; name another".formatted(file));
        }
    }

    private static Format byEnding(Path file) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".html") || name.endsWith(".htm")) {
            return Format.HTML;
        }
        if (name.endsWith(".md")) {
            return Format.MARKDOWN;
        }
        if (name.endsWith(".csv")) {
            return Format.CSV;
        }
        throw LizardException.usage(
                "--out: expected a file that ends in .html, .md or .csv but found '%s'; rename it".formatted(file));
    }
}
