package dev.lizard.eval.result;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How long a student goes with its teacher where both write greedily after the same prompts.
 *
 * @param set which prompts
 * @param tokens most that were written after each
 * @param together mean number of tokens before the first that differs; all of them where none does
 * @param togetherError standard error over the prompts; null for fewer than two
 * @param whole share of the prompts where none differs
 * @param forced share of the teacher's tokens that are the student's first choice after the teacher's own text
 * @param forcedError standard error over the prompts; null for fewer than two
 * @param free share of the places where both have written the same token, each after its own text
 * @param freeError likewise
 * @param forcedByPosition {@code forced} along the text that was written
 * @param freeByPosition {@code free} along it
 */
public record Agreement(
        String model,
        String teacher,
        String set,
        int prompts,
        int tokens,
        double together,
        @Nullable Double togetherError,
        double whole,
        double forced,
        @Nullable Double forcedError,
        double free,
        @Nullable Double freeError,
        List<Bucket> forcedByPosition,
        List<Bucket> freeByPosition) {}
