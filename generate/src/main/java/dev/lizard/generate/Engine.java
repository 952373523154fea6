package dev.lizard.generate;

import dev.lizard.base.LizardException;
import dev.lizard.model.LanguageModel;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Many sequences written together: one pass over the weights serves a token of each. They are lanes that join where a
 * session stands and leave when they are done, at any time; what is written in a lane depends on nothing else in the
 * batch. Those for which there is no row wait their turn. From one thread at a time.
 */
public final class Engine implements AutoCloseable {
    private final Rows rows;
    private final @Nullable Lane[] lanes;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private @Nullable LizardException failure;

    private record Waiting(Session session, Lane lane) {}

    /** {@code capacity} lanes at most are under way together. The model stays its owner's. */
    public Engine(LanguageModel model, int capacity) {
        rows = new Rows(model, model.newState(capacity));
        lanes = new Lane[capacity];
    }

    /**
     * Continues {@code session}, which must have read something and is used by nobody else meanwhile; in the end it
     * stands where its lane has ended.
     */
    public void join(Session session, Sampler sampler, TokenWriter writer) {
        enter(new Waiting(session, new Lane(session.history(), sampler, writer, session)));
    }

    /** The same from where {@code session} stands when its turn comes, while it stays there itself. */
    public void branch(Session session, Sampler sampler, TokenWriter writer) {
        enter(new Waiting(session, new Lane(session.history().copy(), sampler, writer, null)));
    }

    private void enter(Waiting lane) {
        if (!lane.session.hasLogits()) {
            throw new IllegalStateException("a session that has read nothing cannot be continued");
        }
        waiting.add(lane);
    }

    /**
     * Writes a token in every lane.
     *
     * @return whether there are lanes left
     * @throws LizardException FAILED where a lane had to end because its scores were not finite; the others go on
     */
    public boolean step() {
        for (int row = 0; row < lanes.length && !waiting.isEmpty(); row++) {
            if (lanes[row] == null) {
                Waiting next = waiting.remove();
                rows.put(row, next.session.state(), 0, next.session.logits());
                lanes[row] = next.lane;
            }
        }
        Lane.round(rows, lanes, this::leave);
        LizardException failed = failure;
        if (failed != null) {
            failure = null;
            throw failed;
        }
        for (Lane lane : lanes) {
            if (lane != null) {
                return true;
            }
        }
        return !waiting.isEmpty();
    }

    private void leave(int row, @Nullable LizardException why) {
        Lane lane = lanes[row];
        if (lane != null && lane.home() != null) {
            lane.home().rows().put(0, rows.state(), row, rows.scores(row));
        }
        lanes[row] = null;
        rows.clear(row);
        if (why != null) {
            failure = why;
        }
    }

    /** Steps until no lane is left. */
    public void run() {
        while (step()) {
            // each step is a token of all
        }
    }

    @Override
    public void close() {
        rows.close();
    }
}
