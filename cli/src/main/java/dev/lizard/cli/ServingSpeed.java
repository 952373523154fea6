package dev.lizard.cli;

import java.util.Locale;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a server did under a load.
 *
 * @param streams clients that ask one after the other; null where requests wait for none
 * @param rate requests a second on average; null where clients wait
 * @param requests that were answered
 * @param failed that were not
 * @param seconds from the first request to the last token
 * @param tokensPerS written, all streams together
 * @param firstMs from when a request was due to its first token
 * @param tokenMs between two parts of a stream: a token, or more where a character needs them
 * @param peakBytes the most memory that the server's process ever had; null where it is not known
 */
record ServingSpeed(
        String model,
        @Nullable Integer streams,
        @Nullable Double rate,
        int promptTokens,
        int newTokens,
        int requests,
        int failed,
        double seconds,
        double tokensPerS,
        Percentiles firstMs,
        Percentiles tokenMs,
        @Nullable Long peakBytes,
        String device,
        int cores) {
    /** The value that half of all, 95 and 99 in a hundred do not exceed. */
    record Percentiles(double p50, double p95, double p99) {
        static Percentiles ofNanos(LongStream nanos) {
            double[] sorted = nanos.sorted().mapToDouble(n -> n / 1e6).toArray();
            return new Percentiles(at(sorted, 0.5), at(sorted, 0.95), at(sorted, 0.99));
        }

        /** The smallest of which so large a share is not above it. */
        private static double at(double[] sorted, double share) {
            return sorted.length == 0 ? 0 : sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
        }

        private String text() {
            return String.format(Locale.ROOT, "%,.0f / %,.0f / %,.0f ms", p50, p95, p99);
        }
    }

    /** The figures of what was heard. */
    static ServingSpeed of(
            String model,
            @Nullable Integer streams,
            @Nullable Double rate,
            int promptTokens,
            int newTokens,
            LoadClient.Load load,
            @Nullable Long peakBytes,
            String device) {
        Stream<LoadClient.Heard> all = load.heard().stream();
        int tokens = all.mapToInt(LoadClient.Heard::tokens).sum();
        double seconds = load.nanos() / 1e9;
        return new ServingSpeed(
                model,
                streams,
                rate,
                promptTokens,
                newTokens,
                load.heard().size(),
                load.failures().size(),
                seconds,
                tokens / seconds,
                Percentiles.ofNanos(load.heard().stream().mapToLong(LoadClient.Heard::first)),
                Percentiles.ofNanos(load.heard().stream()
                        .flatMap(heard -> heard.gaps().stream())
                        .mapToLong(Long::longValue)),
                peakBytes,
                device,
                Settings.cores());
    }

    String text() {
        String what = streams != null
                ? streams + (streams == 1 ? " stream" : " streams")
                : String.format(Locale.ROOT, "%.3g requests a second", rate);
        String text = String.format(
                Locale.ROOT,
                "%s: %,.1f tokens/s, first token %s, then %s a token (p50 / p95 / p99), %d requests",
                what,
                tokensPerS,
                firstMs.text(),
                tokenMs.text(),
                requests);
        text += failed == 0 ? "" : ", " + failed + " FAILED";
        return peakBytes == null
                ? text
                : text + String.format(Locale.ROOT, ", memory %,d MiB at most", peakBytes >> 20);
    }
}
