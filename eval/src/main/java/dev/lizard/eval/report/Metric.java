package dev.lizard.eval.report;

import java.util.Locale;

/**
 * How figures of a name are told: in which units, and which way is better.
 *
 * @param words its name for people
 */
record Metric(String words, Units units, boolean higherIsBetter) {
    static Metric of(String name) {
        return switch (name) {
            case "nll" -> new Metric("NLL, nats a token", Units.FINE, false);
            case "bits_per_byte" -> new Metric("bits per byte", Units.FINE, false);
            case "kl" -> new Metric("KL to the teacher, nats a token", Units.FINE, false);
            case "agreement" -> new Metric("same most likely token as the teacher", Units.PERCENT, true);
            case "exact" -> new Metric("answers wholly right", Units.PERCENT, true);
            case "digits" -> new Metric("right tokens of the answers", Units.PERCENT, true);
            case "written" -> new Metric("right in what was written", Units.PERCENT, true);
            case "acc" -> new Metric("accuracy", Units.PERCENT, true);
            case "acc_macro" -> new Metric("accuracy, mean over subjects", Units.PERCENT, true);
            case "acc_norm" -> new Metric("accuracy, by length", Units.PERCENT, true);
            case "prefill_tokens_per_second" -> new Metric("reading, tokens a second", Units.COUNT, true);
            case "decode_tokens_per_second" -> new Metric("writing, tokens a second", Units.COUNT, true);
            case "state_bytes" -> new Metric("state, bytes", Units.BYTES, false);
            default -> guessed(name.toLowerCase(Locale.ROOT));
        };
    }

    private static Metric guessed(String name) {
        String words = name.replace('_', ' ');
        if (name.contains("perplexity") || name.contains("ppl")) {
            return new Metric(words, Units.PLAIN, false);
        }
        if (name.contains("bits") || name.contains("nll") || name.contains("loss") || name.contains("error")) {
            return new Metric(words, Units.FINE, false);
        }
        return new Metric(words, Units.PERCENT, true);
    }

    /** Whether its values are shares, so that differences are points. */
    boolean share() {
        return units == Units.PERCENT;
    }
}
