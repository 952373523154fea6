package dev.lizard.cli;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Progress;
import dev.lizard.distill.StepRecord;
import dev.lizard.eval.frontier.FrontierPlan;
import dev.lizard.eval.frontier.RecallBench;
import dev.lizard.eval.result.FrontierPoint;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard recall-bench}: what mixers recall for the bytes they keep. */
@Command(
        name = "recall-bench",
        description = "Trains small models from scratch to recall, mixer by mixer: accuracy against bytes of state.",
        footer = {
            "",
            "The plan small is for two cores, full for a GPU; --set changes any value, such as --set seeds=3.",
            "What --out holds already is not trained again."
        })
final class RecallBenchCommand implements Action {
    @Option(
            names = "--plan",
            paramLabel = "NAME_OR_FILE",
            defaultValue = "small",
            description = "small, full or a YAML file (default: ${DEFAULT-VALUE}).")
    String plan;

    @Option(
            names = "--mixers",
            paramLabel = "NAME,NAME",
            split = ",",
            description = "Only the plan's stacks of these names.")
    List<String> mixers = List.of();

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The results folder, added to.")
    Path out;

    @Override
    public List<String> configKeys() {
        return ConfigTree.keysOf(FrontierPlan.class);
    }

    @Override
    public boolean onlyFloat32() {
        return true;
    }

    @Override
    public int run(Context context) {
        FrontierPlan chosen = context.layers()
                .tree()
                .only(configKeys())
                .over(FrontierPlan.find(plan))
                .bind(FrontierPlan.class);
        RecallBench bench = new RecallBench(
                chosen, out, context.device(), context.settings().seed());
        try (Display display = new Display(context.console())) {
            bench.run(mixers, provenance(context), display, context.interrupt()::requested);
        }
        context.console().note("lizard report --out page.html %s draws them".formatted(out));
        return 0;
    }

    private static Map<String, String> provenance(Context context) {
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("command frontier", "lizard " + String.join(" ", context.arguments()));
        provenance.put("frontier on", context.device() + ", lizard " + Version.current());
        return provenance;
    }

    /** A live line a model, a result line a point. */
    private static final class Display implements RecallBench.Listener, AutoCloseable {
        private final Console console;
        private Progress progress = Progress.NONE;
        private String title = "";

        Display(Console console) {
            this.console = console;
        }

        @Override
        public void model(int number, int models, String name) {
            title = "model %d of %d: %s".formatted(number, models, name);
        }

        @Override
        public void stage(String name, long doneSteps, long steps) {
            progress.close();
            progress = console.progress(title, "steps", steps);
        }

        @Override
        public void step(StepRecord step) {
            progress.update(
                    step.step(),
                    String.format(Locale.ROOT, "loss %.4f  %,.0f tokens/s", step.loss(), step.tokensPerS()));
        }

        @Override
        public void note(String line) {
            console.note(line);
        }

        @Override
        public void point(FrontierPoint point, boolean known) {
            close();
            console.result(
                    point,
                    String.format(
                            Locale.ROOT,
                            "%-12s D %-4d %,10d bytes  %3d pairs: %-8s seed %d, rate %s, %,d steps%s",
                            point.mixer(),
                            point.width(),
                            point.stateBytes(),
                            point.pairs(),
                            accuracy(point.accuracy()),
                            point.seed(),
                            point.learningRate(),
                            point.steps(),
                            known ? ", known" : ""));
        }

        private static String accuracy(@Nullable Double accuracy) {
            return accuracy == null ? "diverged" : String.format(Locale.ROOT, "%.1f %%", 100 * accuracy);
        }

        @Override
        public void close() {
            progress.close();
            progress = Progress.NONE;
        }
    }
}
