package dev.lizard.eval.task;

import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What items are made of.
 *
 * @param data folder with the tasks' files, at any depth; null where none was named
 * @param tokenizer of the model that is asked: lengths of drawn items are counted in its tokens
 * @param seed of everything drawn
 */
public record TaskSource(@Nullable Path data, Tokenizer tokenizer, long seed) {}
