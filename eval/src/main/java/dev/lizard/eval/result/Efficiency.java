package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * What a context costs.
 *
 * @param context tokens read before
 * @param prefillTokensPerSecond reading them, the median of its repeats; absent where it was not measured
 * @param decodeTokensPerSecond writing after them, one at a time; absent as above
 * @param stateBytes what must be kept between two tokens
 * @param device where; results of several devices may stand in one list
 * @param prefillSpread absent where there was one reading
 * @param decodeSpread absent as above
 * @param peakBytes the most memory that was taken up to then, weights included: of the process, or of the card
 * @param missing why a speed is absent
 */
public record Efficiency(
        String model,
        long context,
        @Nullable Double prefillTokensPerSecond,
        @Nullable Double decodeTokensPerSecond,
        long stateBytes,
        @Nullable String device,
        @Nullable Spread prefillSpread,
        @Nullable Spread decodeSpread,
        @Nullable Long peakBytes,
        @Nullable String missing) {
    /** Speeds and size alone. */
    public Efficiency(
            String model,
            long context,
            @Nullable Double prefillTokensPerSecond,
            @Nullable Double decodeTokensPerSecond,
            long stateBytes) {
        this(model, context, prefillTokensPerSecond, decodeTokensPerSecond, stateBytes, null, null, null, null, null);
    }

    /** The same where the most memory says nothing of this model alone. */
    public Efficiency withoutPeak() {
        return new Efficiency(
                model,
                context,
                prefillTokensPerSecond,
                decodeTokensPerSecond,
                stateBytes,
                device,
                prefillSpread,
                decodeSpread,
                null,
                missing);
    }

    /** Whether both tell the same of the same: the later one counts. */
    public boolean replaces(Efficiency other) {
        return model.equals(other.model)
                && context == other.context
                && (device == null ? other.device == null : device.equals(other.device));
    }
}
