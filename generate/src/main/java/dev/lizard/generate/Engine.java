package dev.lizard.generate;

import dev.lizard.base.LizardException;
import dev.lizard.model.LanguageModel;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Many sequences written together: one pass over the weights serves a token of each. They are lanes that join where a
 * session stands and leave when they are done, at any time; what is written in a lane depends on nothing else in the
 * batch. Those for which there is no row wait their turn; prompts are read a piece between two tokens of the others.
 * There are about as many rows as lanes: their number follows in powers of two. From one thread at a time.
 */
public final class Engine implements AutoCloseable {
    private final LanguageModel model;
    private final int capacity;
    private Rows rows;
    private @Nullable Lane[] lanes;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private @Nullable LizardException failure;

    private record Waiting(Session session, PromptParts prompt, Lane lane) {
        boolean isReady() {
            return prompt.isComplete() || lane.writer().isDone();
        }
    }

    /** {@code capacity} lanes at most are under way together. The model stays its owner's. */
    public Engine(LanguageModel model, int capacity) {
        this.model = model;
        this.capacity = capacity;
        rows = new Rows(model, model.newState(1));
        lanes = new Lane[1];
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
     * @throws LizardException where a lane had to end and its writer threw that ({@link TokenWriter#left}): FAILED for
     *     scores that are not finite, INPUT for an id outside the vocabulary, USAGE for an empty prompt of a new
     *     session; the others go on with the next step
     */
    public boolean step() {
        admit();
        Lane.round(rows, lanes, this::leave);
        if (failure != null) {
            LizardException thrown = failure;
            failure = null;
            throw thrown;
        }
        if (lanes.length >= 4 * Math.max(1, lanes())) {
            resize(lanes.length / 2); // not before a quarter is left, so that it does not go back and forth
        }
        return lanes() > 0 || !waiting.isEmpty();
    }

    /** Lanes under way. */
    public int lanes() {
        return (int) Arrays.stream(lanes).filter(Objects::nonNull).count();
    }

    /** Bytes of the states of all rows. */
    public long stateBytes() {
        return rows.state().bytes();
    }

    private void admit() {
        boolean read = false;
        while (!waiting.isEmpty() && lanes() < capacity) {
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
                tell(next.lane, e);
                continue;
            }
            waiting.remove();
            int row = freeRow();
            rows.put(row, next.session.state(), 0, next.session.logits());
            lanes[row] = next.lane;
        }
    }

    private int freeRow() {
        int row = Arrays.asList(lanes).indexOf(null);
        if (row >= 0) {
            return row;
        }
        resize(Math.min(capacity, 2 * lanes.length));
        return Arrays.asList(lanes).indexOf(null);
    }

    /** Moves the lanes to the first of {@code count} rows. */
    private void resize(int count) {
        Rows moved = new Rows(model, model.newState(count));
        Lane[] placed = new Lane[count];
        int to = 0;
        for (int row = 0; row < lanes.length; row++) {
            if (lanes[row] != null) {
                moved.put(to, rows.state(), row, rows.isReady(row) ? rows.scores(row) : null);
                placed[to++] = lanes[row];
            }
        }
        rows.close();
        rows = moved;
        lanes = placed;
    }

    private void leave(int row, @Nullable LizardException why) {
        Lane lane = lanes[row];
        if (lane != null && lane.home() != null) {
            lane.home().rows().put(0, rows.state(), row, rows.scores(row));
        }
        lanes[row] = null;
        rows.clear(row);
        if (lane != null) {
            tell(lane, why);
        }
    }

    private void tell(Lane lane, @Nullable LizardException why) {
        try {
            lane.writer().left(why);
        } catch (LizardException e) {
            failure = e; // thrown when the others have made their step
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
