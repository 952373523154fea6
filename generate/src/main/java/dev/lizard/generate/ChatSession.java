package dev.lizard.generate;

import dev.lizard.base.LizardException;
import dev.lizard.model.Decoder;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.Message;
import dev.lizard.text.Rendering;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A conversation on one session. Each turn reads only what is new in the rendered conversation, so a turn costs what is
 * said in it, however long the history. Where the template writes history differently than before (another system
 * message, dropped reasoning), reading begins again at the last place kept whose text still agrees, and the reply says
 * so.
 *
 * <p>A snapshot is kept before each of the last turns, for {@link #undo} and for that.
 */
public final class ChatSession implements AutoCloseable {
    private static final String SYSTEM = "system";
    private static final String USER = "user";
    private static final String ASSISTANT = "assistant";

    private final Tokenizer tokenizer;
    private final ChatFormat format;
    private final Generator generator;
    private final Session session;
    private final TurnSnapshots places = new TurnSnapshots();
    private final List<Message> messages = new ArrayList<>();
    private ReadText read = ReadText.NOTHING;
    private Map<String, String> samplerNotes = Map.of();
    private @Nullable Generation last;

    /** An empty conversation. Decoder and tokenizer stay their owners'. */
    public ChatSession(Decoder decoder, Tokenizer tokenizer, ChatFormat format) {
        this(tokenizer, format, new Session(decoder));
    }

    private ChatSession(Tokenizer tokenizer, ChatFormat format, Session session) {
        this.tokenizer = tokenizer;
        this.format = format;
        this.session = session;
        generator = new Generator(tokenizer);
    }

    /** The conversation so far. */
    public List<Message> messages() {
        return List.copyOf(messages);
    }

    /** Sets the system message; an empty text removes it. It counts from the next turn on. */
    public void system(String text) {
        if (hasSystem()) {
            messages.removeFirst();
        }
        if (!text.isEmpty()) {
            messages.addFirst(new Message(SYSTEM, text));
        }
    }

    private boolean hasSystem() {
        return !messages.isEmpty() && messages.getFirst().role().equals(SYSTEM);
    }

    // ---- a turn ----------------------------------------------------------------------------------------------------

    /**
     * Says {@code text} and streams the answer, which joins the conversation even if it was cut short. If reading is
     * cancelled before an answer began, or anything fails, the conversation is as it was before.
     *
     * @throws LizardException INPUT where the template refuses the conversation
     */
    public ChatReply send(String text, GenerationSettings settings, GenerationListener listener, BooleanSupplier stop) {
        List<Message> asked = new ArrayList<>(messages);
        asked.add(new Message(USER, text));
        Rendering rendering = format.render(asked, true);
        String wanted = rendering.text();
        Optional<String> notice = agree(wanted);
        long reused = session.tokens();
        int[] fresh = generator.encode(session, rendering.from(read.lengthIn(wanted)), false);
        Sampler sampler =
                new Sampler(settings.sampling(), session.decoder().config().vocabSize());
        sampler.restore(samplerNotes);
        places.push(session, read);
        boolean answered = false;
        try {
            Generation generation = generator.generate(session, fresh, settings, sampler, listener, stop);
            answered = generation.promptTokens() == fresh.length;
            if (answered) {
                messages.clear();
                messages.addAll(asked);
                messages.add(new Message(ASSISTANT, generation.text()));
                read = ReadText.of(wanted, generation.ids(), tokenizer);
                samplerNotes = sampler.notes();
                last = generation;
            }
            return new ChatReply(generation, reused, notice);
        } finally {
            if (!answered) {
                goBack();
            }
        }
    }

    /**
     * Drops the last answer and draws another; random choices go on from where they were, so it may differ. Else as
     * {@link #send}, which leaves the question out too where it is cancelled before an answer began.
     *
     * @throws LizardException USAGE where there is no answer yet
     */
    public ChatReply retry(GenerationSettings settings, GenerationListener listener, BooleanSupplier stop) {
        String question = messages.stream()
                .filter(message -> message.role().equals(USER))
                .reduce((_, later) -> later)
                .orElseThrow(() -> nothingTo("retry"))
                .content();
        undo();
        return send(question, settings, listener, stop);
    }

    /**
     * Says {@code text} in place of the last question. Else as {@link #retry}.
     *
     * @throws LizardException USAGE where there is no question yet
     */
    public ChatReply edit(String text, GenerationSettings settings, GenerationListener listener, BooleanSupplier stop) {
        if (!undo()) {
            throw nothingTo("edit");
        }
        return send(text, settings, listener, stop);
    }

    private static LizardException nothingTo(String what) {
        return LizardException.usage(
                "nothing to %s: expected an answer but found none yet; say something first".formatted(what));
    }

    /** Brings the session to the last place kept whose text begins {@code wanted}; says why, if that cost anything. */
    private Optional<String> agree(String wanted) {
        boolean history = messages.stream().anyMatch(message -> message.role().equals(ASSISTANT));
        boolean changed = read.lengthIn(wanted) < 0;
        while (read.lengthIn(wanted) < 0) {
            if (places.count() > 0) {
                goBack();
            } else {
                session.reset();
                read = ReadText.NOTHING;
            }
        }
        if (!history || (!changed && session.tokens() > 0)) {
            return Optional.empty();
        }
        return Optional.of("earlier turns are read again from token %d on: %s"
                .formatted(
                        session.tokens(),
                        changed ? "they are written differently now" : "no state was kept from before them"));
    }

    private void goBack() {
        TurnSnapshots.Place place = places.newest();
        if (place == null) {
            throw new IllegalStateException("no place to go back to");
        }
        place.takeBack(session);
        read = place.read();
        places.dropNewest();
    }

    // ---- commands --------------------------------------------------------------------------------------------------

    /** Takes back the last question and its answer; false if there is none. */
    public boolean undo() {
        int at = messages.size() - 1;
        while (at >= 0 && !messages.get(at).role().equals(USER)) {
            at--;
        }
        if (at < 0) {
            return false;
        }
        messages.subList(at, messages.size()).clear();
        if (places.count() > 0) {
            goBack();
        } else {
            session.reset();
            read = ReadText.NOTHING;
        }
        return true;
    }

    /** Questions that were answered. */
    public int turns() {
        return (int)
                messages.stream().filter(message -> message.role().equals(USER)).count();
    }

    /**
     * Goes back to where the conversation was after {@code turns} turns; from the end where it is negative.
     *
     * @throws LizardException USAGE where there are not so many
     */
    public void rewind(int turns) {
        int kept = turns < 0 ? turns() + turns : turns;
        if (kept < 0 || kept > turns()) {
            throw LizardException.usage("no such turn: expected %d to %d but found %d; /stats says how many there are"
                    .formatted(-turns(), turns(), turns));
        }
        while (turns() > kept) {
            undo();
        }
    }

    /** Forgets the conversation but not the system message. */
    public void reset() {
        messages.removeIf(message -> !message.role().equals(SYSTEM));
        session.reset();
        places.clear();
        read = ReadText.NOTHING;
        samplerNotes = Map.of();
        last = null;
    }

    /** An independent conversation that stands where this one does. The caller closes it. */
    public ChatSession fork() {
        ChatSession copy = new ChatSession(tokenizer, format, session.fork());
        copy.messages.addAll(messages);
        places.shareWith(copy.places);
        copy.read = read;
        copy.samplerNotes = samplerNotes;
        copy.last = last;
        return copy;
    }

    public ChatStats stats() {
        return new ChatStats(
                messages.size(), session.tokens(), session.stateBytes(), places.count(), places.bytes(), last);
    }

    /**
     * Writes the conversation and its state to a file.
     *
     * @throws LizardException ENVIRONMENT where the file cannot be written
     */
    public void save(Path file) {
        Map<String, String> notes = new HashMap<>(samplerNotes);
        notes.put(SavedChat.NOTE, new SavedChat(messages, read).text());
        session.save(file, notes);
    }

    /**
     * Reads what {@link #save} wrote; nothing is read by the model again.
     *
     * @throws LizardException INPUT where the file is missing, torn, of another model, or holds no conversation
     */
    public static ChatSession load(Decoder decoder, Tokenizer tokenizer, ChatFormat format, Path file) {
        Session.Loaded loaded = Session.load(decoder, file);
        boolean whole = false;
        try {
            SavedChat saved = SavedChat.of(loaded.notes(), file);
            ChatSession chat = new ChatSession(tokenizer, format, loaded.session());
            chat.messages.addAll(saved.messages());
            chat.read = saved.read();
            chat.samplerNotes = loaded.notes();
            whole = true;
            return chat;
        } finally {
            if (!whole) {
                loaded.session().close();
            }
        }
    }

    @Override
    public void close() {
        places.close();
        session.close();
    }
}
