package dev.lizard.eval.report;

import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.TaskScore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The figures by which models are set side by side: the text they were measured on, the tasks, recall. */
final class Measurements {
    private static final String ALONG_TEXT = "nll(_[a-z_]+)?_\\d+_\\d+";

    private static final String SIZED = "[^@]+@\\d{1,9}";

    private final List<Measured> all = new ArrayList<>();

    private Measurements() {}

    static List<Measured> of(ResultSet results) {
        Measurements of = new Measurements();
        results.models().forEach(of::model);
        results.tasks().forEach(of::task);
        for (Recall recall : results.recall()) {
            Map<String, String> traits = traits(Measured.SIZE, recall.length());
            of.share(recall.model(), recall.task(), "exact", traits, recall.exact(), recall.samples());
            of.add(recall.model(), recall.task(), "digits", traits, recall.digits());
        }
        return of.all;
    }

    /** A size behind the task's name is a trait; likelihoods by position are left to their curves. */
    private void task(TaskScore score) {
        if (score.metric().matches(ALONG_TEXT)) {
            return;
        }
        String[] parts = score.task().matches(SIZED) ? score.task().split("@", 2) : new String[] {score.task()};
        Map<String, String> traits = parts.length == 2 ? traits(Measured.SIZE, parts[1]) : Map.of();
        Double error = score.stderr();
        Interval interval = error == null ? null : Interval.ofScore(score.value(), error, score.n());
        all.add(new Measured(
                score.model(), parts[0], score.metric(), traits, score.value(), interval, (long) score.n()));
    }

    private void model(ModelResult model) {
        known(model, "nll", model.nll());
        known(model, "perplexity", model.perplexity());
        known(model, "bits_per_byte", model.bitsPerByte());
        known(model, "kl", model.kl());
        known(model, "agreement", model.agreement());
    }

    private void known(ModelResult model, String metric, @Nullable Double value) {
        if (value != null) {
            add(model.name(), Measured.HELD_OUT, metric, Map.of(), value);
        }
    }

    private void share(String model, String task, String metric, Map<String, String> traits, double value, int n) {
        all.add(new Measured(model, task, metric, traits, value, Interval.ofShare(value, n), (long) n));
    }

    private void add(String model, String task, String metric, Map<String, String> traits, double value) {
        all.add(new Measured(model, task, metric, traits, value, null, null));
    }

    private static Map<String, String> traits(Object... keysAndValues) {
        Map<String, String> traits = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            traits.put(keysAndValues[i].toString(), keysAndValues[i + 1].toString());
        }
        return traits;
    }
}
