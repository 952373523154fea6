package dev.lizard.eval.run;

import dev.lizard.base.Progress;

/** Who hears how a run goes on. */
public interface EvalListener {
    /** Begins to show a piece of work of so many units. */
    Progress progress(String title, String unit, long total);

    /** A line worth knowing. */
    void note(String line);

    /** What one task of one model came to. */
    void done(TaskOutcome outcome);
}
