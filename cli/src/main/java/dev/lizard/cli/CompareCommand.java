package dev.lizard.cli;

import dev.lizard.base.Amounts;
import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.FolderLock;
import dev.lizard.distill.LinearizeOptions;
import dev.lizard.distill.Plan;
import dev.lizard.distill.Recipe;
import dev.lizard.distill.Recipes;
import dev.lizard.eval.compare.PlannedRun;
import dev.lizard.eval.compare.Rivals;
import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.report.Report;
import dev.lizard.eval.result.Conversion;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.run.EvalSettings;
import dev.lizard.eval.task.Task;
import dev.lizard.eval.task.Tasks;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard compare}: several recipes on one teacher, in one table. */
@Command(
        name = "compare",
        description = "Converts one teacher by several recipes and seeds, and puts what came of it into one table.",
        footer = {
            "",
            "Each run has a folder below --out; results.json and report.html are written after each. The same command",
            "goes on where it was interrupted, and does nothing twice. --set changes a value in every recipe."
        })
final class CompareCommand implements Action {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            required = true,
            description = "The teacher: a folder, a .gguf file, a hub name owner/name, or demo.")
    String model;

    @Option(
            names = "--recipes",
            paramLabel = "LIST",
            hideParamSyntax = true,
            split = ",",
            required = true,
            description = "Recipes by name or file, with commas between, as in linearize.")
    List<String> recipes;

    @Option(
            names = "--seeds",
            paramLabel = "LIST",
            hideParamSyntax = true,
            split = ",",
            defaultValue = "0",
            description = "Seeds, with commas between (default: ${DEFAULT-VALUE}).")
    List<Long> seeds;

    @Option(
            names = "--data",
            paramLabel = "DATA",
            arity = "1..*",
            required = true,
            description = "Files or folders to learn from, as in linearize.")
    List<Path> data;

    @Option(
            names = "--text-file",
            paramLabel = "F",
            required = true,
            description = "The text that all are measured on, and none learns from.")
    Path textFile;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The folder to write, and to go on in.")
    Path out;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description = "Tokens of each run in all, shared over its stages as its recipe does.")
    @Nullable
    Long tokens;

    @Option(
            names = "--first",
            paramLabel = "N",
            defaultValue = "0",
            description = "Tokens that every mixer keeps exactly from the beginning, where it can (default: 0).")
    int first;

    @Option(
            names = "--length",
            paramLabel = "N",
            defaultValue = "1024",
            description = "Tokens of a window of the text (default: ${DEFAULT-VALUE}).")
    int length;

    @Option(
            names = "--windows",
            paramLabel = "N",
            defaultValue = "16",
            description = "Windows at most (default: ${DEFAULT-VALUE}).")
    int windows;

    @Option(
            names = "--tasks",
            paramLabel = "LIST",
            hideParamSyntax = true,
            split = ",",
            description = "Tasks of eval that all are asked in the end, with commas between; none if not given.")
    List<String> tasks = List.of();

    @Option(names = "--task-data", paramLabel = "DIR", description = "Where the tasks' files are.")
    @Nullable
    Path taskData;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "0",
            description = "Only the first N items of each task; 0: all (default: 0).")
    int limit;

    @Option(names = "--dry-run", description = "Shows the runs, their tokens, operations and time, and does nothing.")
    boolean dryRun;

    @Override
    public List<String> configKeys() {
        return ConfigTree.keysOf(Recipe.class);
    }

    @Override
    public int run(Context context) {
        requireAtLeast("--length", length, 2);
        requireAtLeast("--windows", windows, 1);
        requireAtLeast("--first", first, 0);
        EvalSettings settings =
                new EvalSettings(taskData, out, limit, context.settings().seed());
        if (tokens != null) {
            requireAtLeast("--tokens", tokens, 1);
        }
        requireDistinct("--recipes", recipes);
        requireDistinct("--seeds", seeds);
        List<Task> asked = tasks.isEmpty() ? List.of() : Tasks.builtIn().find(tasks);
        Path teacher = ModelPlace.find(model, context);
        List<ConfigTree> trees = recipes.stream()
                .map(recipe ->
                        context.layers().tree().only(configKeys()).over(Recipes.find(recipe, context.console()::note)))
                .toList();
        List<PlannedRun> runs = PlannedRun.of(recipes, trees, seeds, first, tokens);
        Function<Path, LinearizeOptions> options = folder -> new LinearizeOptions(
                teacher,
                data,
                List.of(textFile),
                folder,
                context.settings().cache(),
                context.device(),
                context.dtype(),
                name -> ModelPlace.find(name, context),
                true,
                Version.current(),
                context.arguments());
        try (TrainingDisplay display = new TrainingDisplay(context.console())) {
            Rivals rivals = new Rivals(runs, text(teacher), ModelPlace.lastName(model), out, options, display);
            if (dryRun) {
                tell(rivals.plans(), context.console());
            } else {
                compare(rivals, runs, asked, settings, context);
            }
        }
        return 0;
    }

    private static void requireAtLeast(String flag, long value, long least) {
        if (value < least) {
            throw LizardException.usage(
                    "%s out of range: expected at least %d but found %d".formatted(flag, least, value));
        }
    }

    private static void requireDistinct(String flag, List<?> values) {
        if (values.stream().distinct().count() < values.size()) {
            throw LizardException.usage("%s names one twice: expected each once but found %s; take it out"
                    .formatted(
                            flag,
                            String.join(
                                    ",", values.stream().map(String::valueOf).toList())));
        }
    }

    private EvalText text(Path teacher) {
        try (Tokenizer tokenizer = ModelPlace.openTokenizer(teacher)) {
            int[] ids = tokenizer.encode(TextArgument.read(textFile), true);
            if (ids.length <= length) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "text too short",
                        TextArgument.name(textFile),
                        "at least %,d tokens".formatted(length + 1),
                        "%,d".formatted(ids.length),
                        "give a longer one, or a smaller --length");
            }
            return EvalText.cut(ids, tokenizer, length, windows);
        }
    }

    private void compare(
            Rivals rivals, List<PlannedRun> runs, List<Task> asked, EvalSettings settings, Context context) {
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("command rivals", "lizard " + String.join(" ", context.arguments()));
        provenance.put("rivals on", context.device() + ", lizard " + Version.current());
        try (FolderLock _ = FolderLock.take(out)) {
            ResultSet results = rivals.run(
                    provenance,
                    row -> context.console().result(row, line(row)),
                    soFar -> Report.write(out.resolve("report.html"), soFar),
                    context.interrupt()::requested);
            if (!asked.isEmpty()) {
                List<String> models = Stream.concat(
                                Stream.of(model),
                                runs.stream().map(run -> out.resolve(run.name()).toString()))
                        .toList();
                EvalCommand.evaluate(models, asked, settings, context).results().writeInto(out);
                results = ResultSet.read(out);
            }
            Report.write(out.resolve("report.html"), results);
        }
        context.console().note("open " + out.resolve("report.html"));
    }

    private static String line(Conversion row) {
        Double writing = row.decodeMs();
        return String.format(
                Locale.ROOT,
                "%-32s NLL %8.4f  %,12d bytes of state  %,10d tokens in %s%s",
                row.model(),
                row.nll(),
                row.stateBytes(),
                row.tokens(),
                Amounts.duration(row.seconds()),
                writing == null ? "" : String.format(Locale.ROOT, "  %.2f ms a token", writing));
    }

    private static void tell(Map<String, Plan> plans, Console console) {
        double seconds = 0;
        List<String> lines = new ArrayList<>();
        for (Map.Entry<String, Plan> entry : plans.entrySet()) {
            Plan plan = entry.getValue();
            long tokens = plan.stages().stream().mapToLong(Plan.Stage::tokens).sum();
            double flops = plan.stages().stream().mapToDouble(Plan.Stage::flops).sum();
            seconds += plan.seconds();
            console.emit(Json.object()
                    .put("run", entry.getKey())
                    .put("tokens", tokens)
                    .put("flops", flops)
                    .put("seconds", plan.seconds())
                    .put("memory_bytes", plan.memoryBytes()));
            lines.add(String.format(
                    Locale.ROOT,
                    "%-32s %,14d tokens %,10.1f TFLOP %10s  %s",
                    entry.getKey(),
                    tokens,
                    flops / 1e12,
                    Amounts.bytes(plan.memoryBytes()),
                    Amounts.duration(plan.seconds())));
        }
        lines.add("all: %d runs, %s without measurements".formatted(plans.size(), Amounts.duration(seconds)));
        console.print(String.join(System.lineSeparator(), lines));
    }
}
