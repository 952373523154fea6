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
    private final List<Measured> all = new ArrayList<>();

    private Measurements() {}

    static List<Measured> of(ResultSet results) {
        Measurements of = new Measurements();
        results.models().forEach(of::model);
        for (TaskScore score : results.tasks()) {
            Double error = score.stderr();
            of.all.add(new Measured(
                    score.model(),
                    score.task(),
                    score.metric(),
                    Map.of(),
                    score.value(),
                    error == null ? null : Interval.ofMean(score.value(), error),
                    (long) score.n()));
        }
        for (Recall recall : results.recall()) {
            Map<String, String> traits = traits("length", recall.length());
            of.share(recall.model(), recall.task(), "exact", traits, recall.exact(), recall.samples());
            of.add(recall.model(), recall.task(), "digits", traits, recall.digits());
        }
        return of.all;
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
