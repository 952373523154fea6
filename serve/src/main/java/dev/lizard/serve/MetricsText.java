package dev.lizard.serve;

import dev.lizard.generate.FinishReason;
import dev.lizard.serve.schedule.Figures;
import dev.lizard.serve.schedule.Histogram;

/** The figures in the text form of Prometheus, under names that are close to vLLM's. */
final class MetricsText {
    private static final String PREFIX = "lizard:";

    private final StringBuilder text = new StringBuilder();
    private final String label;

    private MetricsText(String model) {
        label = "model_name=\""
                + model.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    static String of(Figures figures, int sessions, Served served) {
        MetricsText all = new MetricsText(served.id());
        Figures.Held held = figures.held();
        all.gauge("num_requests_running", "Requests being read or written.", held.running());
        all.gauge("num_requests_waiting", "Requests that wait.", held.waiting());
        all.gauge("state_bytes", "Bytes of the states of the requests that run.", held.stateBytes());
        all.gauge("prefix_states", "States kept of beginnings.", held.keptStates());
        all.gauge("prefix_state_bytes", "Bytes of the states kept of beginnings.", held.keptBytes());
        all.gauge("spilled_states", "States of beginnings on the disk.", figures.spilled());
        all.gauge("spilled_state_bytes", "Bytes of the states on the disk.", figures.spilledBytes());
        all.gauge("sessions", "Sessions that exist.", sessions);
        all.gauge("live_tensors", "Tensors that exist.", served.liveTensors().getAsLong());
        all.counter("prompt_tokens", "Tokens of prompts.", figures.promptTokens());
        all.counter("generation_tokens", "Tokens written.", figures.generatedTokens());
        all.counter(
                "prefix_cache_queries", "Tokens of prompts for which a state was looked for.", figures.promptTokens());
        all.counter("prefix_cache_hits", "Tokens of prompts that were not read again.", figures.cachedTokens());
        all.head("prefix_lookups", "counter", "Prompts, by where the state was found that they went on from.");
        all.line("prefix_lookups_total", ",found=\"memory\"", figures.memoryHits());
        all.line("prefix_lookups_total", ",found=\"disk\"", figures.diskHits());
        all.line("prefix_lookups_total", ",found=\"nowhere\"", figures.misses());
        all.counter("request_failures", "Requests that failed.", figures.failures());
        all.head("request_success", "counter", "Choices that ended, by why.");
        for (FinishReason reason : FinishReason.values()) {
            all.line("request_success_total", ",finished_reason=\"" + reason + "\"", figures.finished(reason));
        }
        all.histogram("time_to_first_token_seconds", "From asking to the first token.", figures.firstToken());
        all.histogram("inter_token_latency_seconds", "From a token to the next.", figures.tokenTime());
        all.histogram("e2e_request_latency_seconds", "From asking to the end.", figures.whole());
        return all.text.toString();
    }

    private void head(String name, String type, String help) {
        String full = PREFIX + name + (type.equals("counter") ? "_total" : "");
        text.append("# HELP ").append(full).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(full).append(' ').append(type).append('\n');
    }

    private void line(String name, String labels, Object value) {
        text.append(PREFIX)
                .append(name)
                .append('{')
                .append(label)
                .append(labels)
                .append("} ");
        text.append(value).append('\n');
    }

    private void gauge(String name, String help, long value) {
        head(name, "gauge", help);
        line(name, "", value);
    }

    private void counter(String name, String help, long value) {
        head(name, "counter", help);
        line(name + "_total", "", value);
    }

    private void histogram(String name, String help, Histogram values) {
        head(name, "histogram", help);
        long[] count = new long[1];
        values.each((bound, upTo) -> {
            String le = Double.isInfinite(bound) ? "+Inf" : bound.toString();
            line(name + "_bucket", ",le=\"" + le + "\"", upTo);
            count[0] = upTo;
        });
        line(name + "_sum", "", values.sum());
        line(name + "_count", "", count[0]);
    }
}
