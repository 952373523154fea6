package dev.lizard.eval.report;

import dev.lizard.eval.result.Bucket;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.HalfLife;
import dev.lizard.eval.result.LayerError;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.TaskScore;
import dev.lizard.eval.result.TrainingPoint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Every figure of the results in one form, in the order of the page. A new kind of record says here what it measures. */
final class Measurements {
    private final List<Measured> all = new ArrayList<>();

    private Measurements() {}

    /** Of all models; {@code run} stands for the model in what only knows its run. */
    static List<Measured> all(ResultSet results, String run) {
        Measurements of = new Measurements();
        of.all.addAll(compared(results));
        results.positions().forEach(of::positions);
        results.efficiency().forEach(of::efficiency);
        for (TrainingPoint point : results.training()) {
            of.add(
                    run,
                    "training",
                    "loss",
                    traits("stage", point.stage(), "step", point.step(), "tokens", point.tokens()),
                    point.loss());
        }
        for (LayerError error : results.layers()) {
            of.add(run, "layers", "error_before", traits("layer", error.layer()), error.before());
            of.add(run, "layers", "error_after", traits("layer", error.layer()), error.after());
        }
        for (HalfLife gate : results.gates()) {
            Map<String, String> place = traits("layer", gate.layer(), "head", gate.head());
            of.add(run, "gates", "half_life_initial", place, gate.initial());
            of.add(run, "gates", "half_life_trained", place, gate.trained());
        }
        return of.all;
    }

    /** Of what models are set side by side in: the text they were measured on, the tasks, recall. */
    static List<Measured> compared(ResultSet results) {
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

    private void positions(PositionCurve curve) {
        for (Bucket bucket : curve.buckets()) {
            all.add(new Measured(
                    curve.model(),
                    Measured.HELD_OUT,
                    curve.metric(),
                    traits("from", bucket.from(), "to", bucket.to()),
                    bucket.value(),
                    null,
                    bucket.count()));
        }
    }

    private void efficiency(Efficiency row) {
        Map<String, String> context = traits("context", row.context());
        cost(row, "prefill_tokens_per_second", context, row.prefillTokensPerSecond());
        cost(row, "decode_tokens_per_second", context, row.decodeTokensPerSecond());
        cost(row, "state_bytes", context, (double) row.stateBytes());
    }

    private void cost(Efficiency row, String metric, Map<String, String> traits, @Nullable Double value) {
        if (value != null) {
            add(row.model(), Measured.EFFICIENCY, metric, traits, value);
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
