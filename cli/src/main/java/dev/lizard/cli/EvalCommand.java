package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.checkpoint.FolderLock;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.Role;
import dev.lizard.eval.result.TaskScore;
import dev.lizard.eval.run.EvalListener;
import dev.lizard.eval.run.EvalSettings;
import dev.lizard.eval.run.EvaluatedModel;
import dev.lizard.eval.run.Evaluation;
import dev.lizard.eval.run.Summary;
import dev.lizard.eval.run.TaskOutcome;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Request;
import dev.lizard.eval.task.Task;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.eval.task.Tasks;
import dev.lizard.model.OpenModel;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/** {@code lizard eval}: what models can do, by the field's tasks. */
@Command(
        name = "eval",
        description = {
            "Asks models the items of tasks: likelihoods of choices, continuations and texts, or answers they write.",
            "With --out, what was answered is kept and an interrupted run goes on from it."
        })
final class EvalCommand implements Action {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            arity = "1..*",
            description = ModelPlace.HELP + " Several are compared with the first; MODEL+STUDENT is one of them too.")
    @Nullable
    List<String> models;

    @Option(names = "--student", paramLabel = "STUDENT", description = ModelOption.STUDENT_HELP)
    @Nullable
    String student;

    @Option(
            names = "--tasks",
            paramLabel = "LIST",
            hideParamSyntax = true,
            split = ",",
            defaultValue = "zero-shot",
            description = "Tasks, groups of them and .yaml files, with commas between (default: ${DEFAULT-VALUE}).")
    List<String> tasks;

    @Option(names = "--list", description = "Lists the tasks instead.")
    boolean list;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Where the tasks' files are, at any depth, plain or compressed.")
    @Nullable
    Path data;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "0",
            description = "Only the first N items of each task; 0: all (default: 0).")
    int limit;

    @Option(names = "--dry-run", description = "Shows what would be asked, item by item, and asks nothing.")
    boolean dryRun;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Keeps a log of each item, from which the same command goes on, and results.json.")
    @Nullable
    Path out;

    @Override
    public int run(Context context) {
        Tasks known = Tasks.builtIn();
        if (list) {
            known.all().forEach(task -> list(task, context.console()));
            return 0;
        }
        EvalSettings settings =
                new EvalSettings(data, out, limit, context.settings().seed());
        List<Task> asked = known.find(tasks);
        if (models == null) {
            throw LizardException.usage("no model to ask: expected --model MODEL but found none; give one or several");
        }
        if (student != null && models.size() > 1) {
            throw LizardException.usage("--student: expected one --model beside it but found %d; %s"
                    .formatted(models.size(), "write MODEL+STUDENT in their list"));
        }
        List<String> places = student == null ? models : List.of(ModelPlace.join(models.getFirst(), student));
        if (dryRun) {
            Path first = ModelPlace.files(places.getFirst(), context).model();
            try (Tokenizer tokenizer = ModelPlace.openTokenizer(first)) {
                TaskSource source = new TaskSource(data, tokenizer, settings.seed());
                asked.forEach(task -> show(task, task.items(source), context.console()));
            }
        } else if (out == null) {
            evaluate(places, asked, settings, context);
        } else {
            try (FolderLock _ = FolderLock.take(out)) {
                evaluate(places, asked, settings, context).results().writeInto(out);
            }
        }
        return 0;
    }

    private static void list(Task task, Console console) {
        console.result(
                Json.object()
                        .put("task", task.name())
                        .put("about", task.about())
                        .set("groups", Json.MAPPER.valueToTree(task.groups())),
                String.format(
                        Locale.ROOT,
                        "%-24s %s%s",
                        task.name(),
                        task.about(),
                        task.groups().isEmpty() ? "" : "  [" + String.join(", ", task.groups()) + "]"));
    }

    private void show(Task task, List<Item> items, Console console) {
        for (Item item : limit == 0 ? items : items.subList(0, Math.min(limit, items.size()))) {
            ObjectNode shown = Json.object().put("task", task.name()).put("id", item.id());
            shown.setAll((ObjectNode) Json.MAPPER.valueToTree(item.request()));
            String text = switch (item.request()) {
                case Request.Likelihoods(List<Request.Candidate> candidates) ->
                    candidates.stream()
                            .map(one -> one.prompt() + "|" + one.continuation())
                            .collect(Collectors.joining("\n"));
                case Request.Written written -> written.prompt() + "|";
                case Request.Rolling rolling -> rolling.text();
                case Request.Tokens(List<Integer> ids) -> ids.size() + " tokens";
            };
            console.result(shown, "%s %s\n%s\n".formatted(task.name(), item.id(), text));
        }
    }

    static Findings evaluate(List<String> models, List<Task> tasks, EvalSettings settings, Context context) {
        Findings found = new Findings("What the models can do");
        Summary summary = new Summary(settings.seed());
        Evaluation evaluation = new Evaluation(settings, new Told(context.console(), summary), context.interrupt());
        List<String> names = names(models);
        for (int i = 0; i < models.size(); i++) {
            try (OpenModel open = ModelPlace.openWithTokenizer(models.get(i), context);
                    Tokenizer tokenizer = open.openTokenizer()) {
                Role role = open.converted() ? Role.STUDENT : i == 0 ? Role.TEACHER : Role.OTHER;
                found.models.add(new ModelResult(names.get(i), role, null, null, null, null, null, null));
                found.provenance.put("model " + names.get(i), "sha256 " + open.sha256());
                evaluation.run(new EvaluatedModel(names.get(i), role, open.decoder(), tokenizer, open.eosIds()), tasks);
            }
        }
        summary.addTo(found, evaluation.outcomes());
        found.provenance.put("command", String.join(" ", context.arguments()));
        found.provenance.put("seed", Long.toString(settings.seed()));
        found.provenance.put("limit", Integer.toString(settings.limit()));
        found.provenance.put("dtype", context.dtype().toString().toLowerCase(Locale.ROOT));
        found.provenance.put("device", context.device().toString());
        found.provenance.put("version", Version.current());
        return found;
    }

    /** The last name of each path, numbered where it is not the first of its kind. */
    static List<String> names(List<String> models) {
        List<String> names = new ArrayList<>();
        for (String model : models) {
            String last = ModelPlace.lastName(model);
            String name = last.isEmpty() || last.startsWith(".") ? "model" : last;
            int number = 1;
            while (names.contains(name)) {
                name = last + "-" + ++number;
            }
            names.add(name);
        }
        return names;
    }

    /** Shows a run on a console. */
    private record Told(Console console, Summary summary) implements EvalListener {
        @Override
        public Progress progress(String title, String unit, long total) {
            return console.progress(title, unit, total);
        }

        @Override
        public void note(String line) {
            console.warn(line);
        }

        @Override
        public void done(TaskOutcome outcome) {
            for (TaskScore score : summary.scores(outcome)) {
                ObjectNode line = Json.MAPPER.valueToTree(score);
                console.result(
                        line,
                        String.format(
                                Locale.ROOT,
                                "%s  %-22s %-16s %8.4f%s  n %d",
                                score.model(),
                                score.task(),
                                score.metric(),
                                score.value(),
                                score.stderr() == null ? "" : String.format(Locale.ROOT, " ± %.4f", score.stderr()),
                                score.n()));
            }
        }
    }
}
