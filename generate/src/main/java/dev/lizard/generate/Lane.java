package dev.lizard.generate;

import dev.lizard.base.LizardException;
import org.jspecify.annotations.Nullable;

/**
 * One sequence under way in a row of {@link Rows}.
 *
 * @param history of what it has read, its own
 * @param home the session that goes on where it ends; null if none does
 */
record Lane(
        History history,
        Sampler sampler,
        TokenWriter writer,
        @Nullable Session home) {
    /** What is done with a lane that has ended; its row still stands where it ended. */
    interface Ended {
        /**
         * Hears of one, whose place in the array is to be emptied.
         *
         * @param failure why nothing could be drawn for it; null where it is done
         */
        void ended(int row, @Nullable LizardException failure);
    }

    /** Draws a token for each lane, a row each, null where there is none, and reads them in one step. */
    static void round(Rows rows, @Nullable Lane[] lanes, Ended ended) {
        int[] ids = new int[lanes.length];
        boolean[] read = new boolean[lanes.length];
        boolean any = false;
        for (int row = 0; row < lanes.length; row++) {
            Lane lane = lanes[row];
            if (lane == null) {
                continue;
            }
            try {
                if (!lane.writer.isDone()) {
                    if (lane.writer.wantsScores()) {
                        lane.writer.scores(rows.scores(row));
                    }
                    ids[row] = rows.draw(row, lane.sampler, lane.history.seen(), lane.writer.allowed());
                    read[row] = lane.writer.take(ids[row]);
                }
            } catch (LizardException e) {
                ended.ended(row, e); // the others go on
                continue;
            }
            if (read[row]) {
                any = true;
            } else {
                ended.ended(row, null);
            }
        }
        if (any) {
            rows.step(ids);
            for (int row = 0; row < lanes.length; row++) {
                Lane lane = lanes[row];
                if (lane != null && read[row]) {
                    lane.history.append(ids[row]);
                }
            }
        }
    }
}
