package dev.lizard.eval.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Activity;
import dev.lizard.base.Hashes;
import dev.lizard.base.Interrupt;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Task;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.generate.ModelFingerprint;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/** Asks models tasks, one model after another. */
public final class Evaluation {
    private final EvalSettings settings;
    private final EvalListener listener;
    private final Interrupt interrupt;
    private final List<TaskOutcome> outcomes = new ArrayList<>();

    /** @param interrupt asked between batches; what was answered by then is kept where the settings name a folder */
    public Evaluation(EvalSettings settings, EvalListener listener, Interrupt interrupt) {
        this.settings = settings;
        this.listener = listener;
        this.interrupt = interrupt;
    }

    /** What was found so far, in the order in which it was asked. */
    public List<TaskOutcome> outcomes() {
        return List.copyOf(outcomes);
    }

    /**
     * Asks one model all of the tasks.
     *
     * @throws dev.lizard.base.LizardException INPUT for malformed items, USAGE for a log of another run, INTERRUPTED,
     *     FAILED where an answer is not finite
     */
    public void run(EvaluatedModel model, List<Task> tasks) {
        TaskSource source = new TaskSource(settings.data(), model.tokenizer(), settings.seed());
        String fingerprint = settings.out() == null
                ? ""
                : Hashes.sha256(
                        ModelFingerprint.of(model.decoder()) + model.tokenizer().sha256());
        ReadingCost cost = ReadingCost.on(model.decoder().device());
        for (Task task : tasks) {
            TaskOutcome outcome = run(model, task, source, fingerprint, cost);
            outcomes.add(outcome);
            if (outcome.beyond() > 0) {
                listener.note(
                        "%s, %s: %d of %d items are longer than the %,d tokens that the model was trained for; they were read whole"
                                .formatted(
                                        model.name(),
                                        task.name(),
                                        outcome.beyond(),
                                        outcome.items().size(),
                                        model.decoder().config().maxPositions()));
            }
            listener.done(outcome);
        }
    }

    private TaskOutcome run(EvaluatedModel model, Task task, TaskSource source, String fingerprint, ReadingCost cost) {
        long start = System.nanoTime();
        List<Item> items;
        try (Activity _ = Activity.begin("reading the items of " + task.name())) {
            items = task.items(source);
        }
        if (settings.limit() > 0) {
            items = items.subList(0, Math.min(settings.limit(), items.size()));
        }
        Path out = settings.out();
        if (out == null) {
            TaskRun run = new TaskRun(model, task, null, interrupt, cost);
            return new TaskOutcome(model.name(), task, run.run(items, listener), seconds(start), run.read());
        }
        ItemLog.Header header = new ItemLog.Header(
                task.name(), fingerprint, checksum(task, items, source), settings.seed(), settings.limit());
        Path file = out.resolve(model.name()).resolve(task.name() + ".jsonl");
        try (ItemLog log = ItemLog.open(file, header)) {
            int known = log.done().size();
            TaskRun run = new TaskRun(model, task, log, interrupt, cost);
            List<ItemResult> results = run.run(items, listener);
            if (known < items.size()) {
                log.finish(results);
            }
            return new TaskOutcome(model.name(), task, results, seconds(start), run.read());
        }
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    /** Of all that is asked and of what it is judged by. */
    private static String checksum(Task task, List<Item> items, TaskSource source) {
        MessageDigest digest = Hashes.sha256();
        digest.update((task.basis(source) + task.measures() + "\n").getBytes(UTF_8));
        for (Item item : items) {
            digest.update((item.id() + " " + item.traits() + " " + item.request() + "\n").getBytes(UTF_8));
        }
        return Hashes.hex(digest);
    }
}
