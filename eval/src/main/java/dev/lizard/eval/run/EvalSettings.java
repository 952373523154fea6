package dev.lizard.eval.run;

import dev.lizard.base.LizardException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What of the tasks is asked, and where it is kept.
 *
 * @param data folder with the tasks' files; null where none was named
 * @param out folder for the logs; null: nothing is kept
 * @param limit items of each task, the first; 0 for all
 * @param seed of everything drawn
 */
public record EvalSettings(@Nullable Path data, @Nullable Path out, int limit, long seed) {
    /** Checks the values; errors name the flag (USAGE). */
    public EvalSettings {
        if (limit < 0) {
            throw LizardException.usage(
                    "--limit out of range: expected 1 or more, or 0 for all items, but found " + limit);
        }
    }
}
