package dev.lizard.tensor.cuda;

import java.util.Collection;
import java.util.List;

/**
 * The clocks that a recorded step moves on: those that ticked while it was recorded. Others, of windows that no layer of
 * the step has, stay where they are.
 */
public final class GraphClocks {
    private List<DecodeClock> ticking = List.of();

    /**
     * Runs {@code step}, which the device records and does not run.
     *
     * @param clocks all that it may read
     */
    public void record(Collection<DecodeClock> clocks, Runnable step) {
        clocks.forEach(DecodeClock::hide);
        try {
            step.run();
        } finally {
            ticking = clocks.stream().filter(DecodeClock::shown).toList();
            ticking.forEach(DecodeClock::recorded);
        }
    }

    /** Sees to it that the next replay is the step of the token at {@code position}. */
    public void set(long position, long seen) {
        ticking.forEach(clock -> clock.set(position, seen));
    }

    /** Says that the recorded step was queued. */
    public void replayed() {
        ticking.forEach(DecodeClock::replayed);
    }
}
