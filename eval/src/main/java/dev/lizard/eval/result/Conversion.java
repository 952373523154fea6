package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * One conversion of a comparison: a row of the table of rivals before seeds are put together.
 *
 * @param model its name, also that of its folder
 * @param recipe as it was named
 * @param mixer of the replaced layers
 * @param first tokens that it keeps exactly from the beginning of a text
 * @param seed of its initial values and the order of the data
 * @param tokens it was trained on, all stages together
 * @param seconds of training
 * @param nll of the held-out text, nats a token
 * @param windowAlone by how much the NLL of the run's held-out text rises without the memory; absent where there is none
 *     beside a window
 * @param memoryAlone the same without the window
 * @param stateBytes kept of a sequence of 65,536 tokens
 * @param decodeMs milliseconds of a token that it writes
 */
public record Conversion(
        String model,
        String recipe,
        String mixer,
        int first,
        long seed,
        long tokens,
        double seconds,
        double nll,
        @Nullable Double windowAlone,
        @Nullable Double memoryAlone,
        long stateBytes,
        @Nullable Double decodeMs) {}
