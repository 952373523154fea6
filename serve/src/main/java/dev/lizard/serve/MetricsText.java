package dev.lizard.serve;

import dev.lizard.generate.FinishReason;
import dev.lizard.serve.schedule.Figures;
import dev.lizard.serve.schedule.Histogram;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** The figures in the text form of Prometheus, under names that are close to vLLM's. */
final class MetricsText {
    private static final String PREFIX = "lizard:";
    private static final String COUNTER = "counter";

    private final StringBuilder text = new StringBuilder();
    private final List<Backend> models;

    private MetricsText(List<Backend> models) {
        this.models = models;
    }

    static String of(List<Backend> models, int sessions) {
        MetricsText all = new MetricsText(models);
        all.held("num_requests_running", "Requests being read or written.", Figures.Held::running);
        all.held("num_requests_waiting", "Requests that wait.", Figures.Held::waiting);
        all.held("state_bytes", "Bytes of the states of the requests that run.", Figures.Held::stateBytes);
        all.held("prefix_states", "States kept of beginnings.", Figures.Held::keptStates);
        all.held("prefix_state_bytes", "Bytes of the states kept of beginnings.", Figures.Held::keptBytes);
        all.each("spilled_states", "gauge", "States of beginnings on the disk.", Figures::spilled);
        all.each("spilled_state_bytes", "gauge", "Bytes of the states on the disk.", Figures::spilledBytes);
        all.gauge("sessions", "Sessions that exist.", sessions);
        all.gauge(
                "live_tensors",
                "Tensors that exist.",
                models.getFirst().served().liveTensors().getAsLong());
        all.each("prompt_tokens", COUNTER, "Tokens of prompts.", Figures::promptTokens);
        all.each("generation_tokens", COUNTER, "Tokens written.", Figures::generatedTokens);
        all.each(
                "prefix_cache_queries",
                COUNTER,
                "Tokens of prompts for which a state was looked for.",
                Figures::promptTokens);
        all.each("prefix_cache_hits", COUNTER, "Tokens of prompts that were not read again.", Figures::cachedTokens);
        all.head("prefix_lookups", COUNTER, "Prompts, by where the state was found that they went on from.");
        all.lines("prefix_lookups_total", ",found=\"memory\"", Figures::memoryHits);
        all.lines("prefix_lookups_total", ",found=\"disk\"", Figures::diskHits);
        all.lines("prefix_lookups_total", ",found=\"nowhere\"", Figures::misses);
        all.each("request_failures", COUNTER, "Requests that failed.", Figures::failures);
        all.head("request_success", COUNTER, "Choices that ended, by why.");
        for (FinishReason reason : FinishReason.values()) {
            all.lines(
                    "request_success_total",
                    ",finished_reason=\"" + reason + "\"",
                    figures -> figures.finished(reason));
        }
        all.histogram("time_to_first_token_seconds", "From asking to the first token.", Figures::firstToken);
        all.histogram("inter_token_latency_seconds", "From a token to the next.", Figures::tokenTime);
        all.histogram("e2e_request_latency_seconds", "From asking to the end.", Figures::whole);
        return all.text.toString();
    }

    private void head(String name, String type, String help) {
        String full = PREFIX + name + (type.equals(COUNTER) ? "_total" : "");
        text.append("# HELP ").append(full).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(full).append(' ').append(type).append('\n');
    }

    private void line(Backend model, String name, String labels, Object value) {
        String id =
                model.served().id().replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        text.append(PREFIX).append(name).append("{model_name=\"").append(id).append('"');
        text.append(labels).append("} ").append(value).append('\n');
    }

    private void lines(String name, String labels, ToLongFunction<Figures> value) {
        for (Backend model : models) {
            line(model, name, labels, value.applyAsLong(model.scheduler().figures()));
        }
    }

    private void each(String name, String type, String help, ToLongFunction<Figures> value) {
        head(name, type, help);
        lines(type.equals(COUNTER) ? name + "_total" : name, "", value);
    }

    private void held(String name, String help, ToLongFunction<Figures.Held> value) {
        each(name, "gauge", help, figures -> value.applyAsLong(figures.held()));
    }

    /** Of the server as a whole, under its first model. */
    private void gauge(String name, String help, long value) {
        head(name, "gauge", help);
        line(models.getFirst(), name, "", value);
    }

    private void histogram(String name, String help, Function<Figures, Histogram> values) {
        head(name, "histogram", help);
        for (Backend model : models) {
            Histogram histogram = values.apply(model.scheduler().figures());
            long[] count = new long[1];
            histogram.each((bound, upTo) -> {
                String le = Double.isInfinite(bound) ? "+Inf" : bound.toString();
                line(model, name + "_bucket", ",le=\"" + le + "\"", upTo);
                count[0] = upTo;
            });
            line(model, name + "_sum", "", histogram.sum());
            line(model, name + "_count", "", count[0]);
        }
    }
}
