package dev.lizard.generate;

import dev.lizard.base.LizardException;
import dev.lizard.model.LanguageModel;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Many sequences written together: one pass over the weights serves a token of each. They are lanes that join where a
 * session stands and leave when they are done, at any time; what is written in a lane depends on nothing else in the
 * batch. Those for which there is no row wait their turn; prompts are read a piece between two tokens of the others.
 * From one thread at a time.
 */
public final class Engine implements AutoCloseable {
    private final Rows rows;
    private final @Nullable Lane[] lanes;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private @Nullable LizardException failure;

    private record Waiting(Session session, PromptParts prompt, Lane lane) {
        boolean isReady() {
            return prompt.isComplete() || lane.writer().isDone();
        }
    }

    /** {@code capacity} lanes at most are under way together. The model stays its owner's. */
    public Engine(LanguageModel model, int capacity) {
        rows = new Rows(model, model.newState(capacity));
        lanes = new Lane[capacity];
    }

    /**
     * Reads a prompt and continues it. The session is used by nobody else meanwhile; in the end it stands where its lane
     * has ended.
     *
     * @param prompt in parts; may be empty if the session has read something
     */
    public void join(Session session, Iterator<int[]> prompt, Sampler sampler, TokenWriter writer) {
        Lane lane = new Lane(session.history(), sampler, writer, session);
        waiting.add(new Waiting(session, new PromptParts(session, prompt), lane));
    }

    /** Continues from where {@code session} stands when its turn comes, while it stays there itself. */
    public void branch(Session session, Sampler sampler, TokenWriter writer) {
        Lane lane = new Lane(session.history().copy(), sampler, writer, null);
        waiting.add(new Waiting(session, new PromptParts(session, Collections.emptyIterator()), lane));
    }

    /**
     * Reads a piece of a prompt that waits, and writes a token in every lane.
     *
     * @return whether there are lanes left
     * @throws LizardException where a lane had to end: FAILED for scores that are not finite, INPUT for an id outside
     *     the vocabulary, USAGE for an empty prompt of a new session; the others go on with the next step
     */
    public boolean step() {
        admit();
        Lane.round(rows, lanes, this::leave);
        if (failure != null) {
            LizardException thrown = failure;
            failure = null;
            throw thrown;
        }
        for (Lane lane : lanes) {
            if (lane != null) {
                return true;
            }
        }
        return !waiting.isEmpty();
    }

    private void admit() {
        boolean read = false;
        for (int row = 0; row < lanes.length && !waiting.isEmpty(); row++) {
            if (lanes[row] != null) {
                continue;
            }
            Waiting next = waiting.element();
            try {
                if (!next.isReady() && !read) {
                    next.prompt.readPiece();
                    read = true;
                }
                if (!next.isReady()) {
                    return;
                }
                next.session.requireScores();
            } catch (LizardException e) {
                waiting.remove();
                throw e;
            }
            waiting.remove();
            rows.put(row, next.session.state(), 0, next.session.logits());
            lanes[row] = next.lane;
        }
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
