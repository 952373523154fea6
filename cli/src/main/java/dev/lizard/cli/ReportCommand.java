package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.eval.report.Report;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lizard report}: one page from the results of runs. */
@Command(name = "report", description = "Writes one self-contained page from results.json of the given folders.")
final class ReportCommand implements Action {
    @Option(names = "--out", paramLabel = "FILE.html", required = true, description = "The page to write.")
    Path out;

    @Parameters(paramLabel = "DIR", arity = "1..*", description = "Folders that hold a results.json.")
    List<Path> folders;

    @Override
    public int run(Context context) {
        Report.write(out, folders);
        context.console().result(Json.object().put("done", true).put("out", out.toString()), "wrote " + out);
        return 0;
    }
}
