package dev.lizard.eval.run;

import dev.lizard.eval.result.Role;
import dev.lizard.model.Decoder;
import dev.lizard.text.Tokenizer;
import java.util.List;

/**
 * A model that is asked. Decoder and tokenizer stay their owner's.
 *
 * @param name in results, unique among those that are compared, and of its folder
 * @param endIds tokens that end what it writes, beside the tokenizer's own
 */
public record EvaluatedModel(String name, Role role, Decoder decoder, Tokenizer tokenizer, List<Integer> endIds) {}
