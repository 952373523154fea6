package dev.lizard.serve.schedule;

import dev.lizard.generate.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A {@link Work} on its way, seen by the scheduler's thread alone; its session reads the prompt. */
final class Running {
    private final Work work;
    private final Ticket ticket;
    private final int number;
    private final long asked = System.nanoTime();
    private final List<TokenScore> scores = new ArrayList<>();
    private @Nullable Session session;
    private int read;
    private int cached;
    private int keepAt; // where the state is to be kept for others; 0 for nowhere
    private int lanes; // choices that are not complete
    private boolean over;

    /** @param number by which the ticket knows it */
    Running(Work work, Ticket ticket, int number) {
        this.work = work;
        this.ticket = ticket;
        this.number = number;
    }

    Work work() {
        return work;
    }

    Session session() {
        if (session == null) {
            throw new IllegalStateException("not begun");
        }
        return session;
    }

    int read() {
        return read;
    }

    List<TokenScore> scores() {
        return scores;
    }

    double seconds() {
        return (System.nanoTime() - asked) / 1e9;
    }

    boolean isLate() {
        return System.nanoTime() - asked > work.limit().toNanos();
    }

    /** Whether no one waits for more. */
    boolean isUnwanted() {
        return over || ticket.cancelled();
    }

    boolean isOver() {
        return over;
    }

    void tell(Event event) {
        if (!over) {
            ticket.tell(number, event);
        }
    }

    /** Takes over a session that has read so many tokens of the prompt, and their scores if they are asked for. */
    void begin(Session begun, int depth, List<TokenScore> known) {
        session = begun;
        cached = depth;
        read = depth;
        if (work.promptScores()) {
            scores.addAll(known);
        }
    }

    /** Reads tokens of the prompt up to {@code end} in one piece. */
    void read(int end) {
        if (end == read) {
            return; // all of it was known
        }
        int[] piece = Arrays.copyOfRange(work.prompt(), read, end);
        if (work.promptScores()) {
            if (session().hasLogits()) {
                score(session().logits(), read);
            }
            int from = read;
            session().prefill(piece, (index, logits) -> {
                if (index + 1 < piece.length) {
                    score(logits, from + index + 1);
                }
            });
        } else {
            session().prefill(piece);
        }
        read = end;
    }

    private void score(float[] logits, int at) {
        scores.add(TokenScore.of(logits, work.prompt()[at], work.top()));
    }

    /** The prompt is read: says so. */
    void tellRead() {
        tell(new Event.Read(cached, work.promptScores() ? List.copyOf(scores) : List.of()));
    }

    int cached() {
        return cached;
    }

    boolean hasBegun() {
        return session != null;
    }

    long stateBytes() {
        return session == null ? 0 : session.stateBytes();
    }

    int keepAt() {
        return keepAt;
    }

    void keepAt(int depth) {
        keepAt = depth;
    }

    /** As many choices are written from now on. */
    void writes(int choices) {
        lanes = choices;
    }

    /** A choice has left its lane; gives how many have not. */
    int choiceLeft() {
        return --lanes;
    }

    /** Nothing is told from now on. */
    void end() {
        over = true;
        if (lanes == 0) {
            free();
        }
    }

    /** Frees its memory, which lanes that wait still look at. */
    void free() {
        if (session != null) {
            session.close();
            session = null;
        }
    }
}
