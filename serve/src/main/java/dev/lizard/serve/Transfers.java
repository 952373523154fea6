package dev.lizard.serve;

import dev.lizard.generate.StoredSession;
import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.Scheduler;
import dev.lizard.serve.schedule.Ticket;
import dev.lizard.serve.schedule.Transfer;
import dev.lizard.serve.schedule.Work;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** States of sessions to files and back; they wait their turn as other requests do. */
record Transfers(Scheduler scheduler, SavedSessions saved, Duration limit) {
    private static final long GLANCE_MILLIS = 250;

    /** Writes a session to a file, whole or not at all. */
    void save(Conversation conversation, String file) {
        saved.requirePlace(file);
        Map<String, String> notes = SavedSessions.notes(conversation);
        StoredSession state = done(new Work(conversation.ids(), limit, new Transfer.Store(notes)), file);
        if (state == null) {
            throw new IllegalStateException("no state was told");
        }
        saved.write(file, state);
    }

    /** What a file holds, whose state is known from now on. */
    Conversation load(String file) {
        Conversation conversation = saved.read(file);
        done(new Work(conversation.ids(), limit, new Transfer.Load(saved.existing(file))), file);
        return conversation;
    }

    private @Nullable StoredSession done(Work work, String file) {
        Ticket ticket = scheduler.submit(List.of(work)).orElseThrow(Answering::full);
        StoredSession state = null;
        try {
            while (true) {
                Ticket.Told told = ticket.next(GLANCE_MILLIS);
                switch (told == null ? null : told.event()) {
                    case null -> {}
                    case Event.Stored stored -> state = stored.state();
                    case Event.Read _ -> {
                        return state;
                    }
                    case Event.Failed failed -> throw failure(failed, work, file);
                    case Event.Piece _, Event.Ended _ -> throw new IllegalStateException("text of a transfer");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientGone();
        } finally {
            ticket.cancel();
        }
    }

    /** Without the folder, which is the server's matter. */
    private static ApiError failure(Event.Failed failed, Work work, String file) {
        return work.transfer() instanceof Transfer.Load load && failed.cause() == Event.Cause.FILE
                ? ApiError.refused("file", failed.message().replace(load.file().toString(), file))
                : Answering.failure(failed);
    }
}
