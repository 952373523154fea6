package dev.lizard.serve;

import dev.lizard.model.Decoder;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.Tokenizer;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;

/**
 * A model to be served; all of it stays its owner's.
 *
 * @param id the name by which requests know it
 * @param chat how conversations are written
 * @param endIds ids that end an answer, beside the tokenizer's own
 * @param context most tokens of prompt and answer together
 * @param stateBytes of a sequence by its tokens
 * @param cacheBytes of the same by a softmax model's cache, to compare with
 * @param liveTensors how many tensors there are, for the figures
 */
public record Served(
        String id,
        Decoder decoder,
        Tokenizer tokenizer,
        ChatFormat chat,
        List<Integer> endIds,
        int context,
        LongUnaryOperator stateBytes,
        LongUnaryOperator cacheBytes,
        LongSupplier liveTensors) {
    public Served {
        endIds = List.copyOf(endIds);
    }
}
