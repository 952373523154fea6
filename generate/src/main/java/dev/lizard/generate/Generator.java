package dev.lizard.generate;

import dev.lizard.base.LizardException;
import dev.lizard.base.ProcessMemory;
import dev.lizard.text.Rendering;
import dev.lizard.text.TokenStream;
import dev.lizard.text.Tokenized;
import dev.lizard.text.Tokenizer;
import java.io.Reader;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Text in, text out. Every token made is read by the session at once, but for one that ends the text; so the session
 * can always be continued, saved or forked after it.
 */
public final class Generator {
    private static final double NANOS = 1e9;

    private final Tokenizer tokenizer;

    /** The tokenizer stays its owner's. */
    public Generator(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Continues {@code prompt}, with what the model expects before a text (BOS) if the session is new. */
    public Generation generate(
            Session session,
            String prompt,
            GenerationSettings settings,
            GenerationListener listener,
            BooleanSupplier stop) {
        int[] ids = encode(session, Rendering.trusted(prompt), true);
        Sampler sampler =
                new Sampler(settings.sampling(), session.decoder().config().vocabSize());
        return generate(session, ids, settings, sampler, listener, stop);
    }

    /** The ids of what {@code session} reads next, as {@link #encode} gives them, of a text of any length. */
    public TokenStream stream(Session session, Reader text) {
        int[] recent = session.tail();
        return recent.length == 0
                ? tokenizer.stream(text, true)
                : tokenizer.streamContinuation(text, recent[recent.length - 1]);
    }

    /**
     * The ids of what {@code session} reads next: of a text of its own where the session is new, with what the model
     * expects before one (BOS) if {@code addSpecial}, else of the continuation of what it has read.
     */
    public int[] encode(Session session, Rendering text, boolean addSpecial) {
        int[] recent = session.tail();
        Tokenized tokenized = recent.length == 0
                ? tokenizer.encode(text, addSpecial)
                : tokenizer.encodeContinuation(text, recent[recent.length - 1]);
        return tokenized.ids();
    }

    /**
     * Reads {@code prompt} and continues it.
     *
     * @param prompt may be empty if the session has read something
     * @param sampler goes on from where it stands
     * @param stop asked between tokens and between pieces of the prompt
     * @throws LizardException USAGE where there is nothing to continue
     */
    public Generation generate(
            Session session,
            int[] prompt,
            GenerationSettings settings,
            Sampler sampler,
            GenerationListener listener,
            BooleanSupplier stop) {
        return generate(session, List.of(prompt).iterator(), prompt.length, settings, sampler, listener, stop);
    }

    /**
     * As above, for a prompt that comes in parts, of which one is in memory at a time.
     *
     * @param total tokens of the prompt, told to the listener; 0 where that is not known
     */
    public Generation generate(
            Session session,
            Iterator<int[]> prompt,
            long total,
            GenerationSettings settings,
            Sampler sampler,
            GenerationListener listener,
            BooleanSupplier stop) {
        long start = System.nanoTime();
        PromptParts parts = new PromptParts(session, prompt);
        parts.read(total, listener, stop);
        int read = Math.toIntExact(parts.count());
        session.requireScores();
        double prefillSeconds = (System.nanoTime() - start) / NANOS;
        Writing writing = new Writing(tokenizer, settings, listener, stop);
        long decodeStart = System.nanoTime();
        if (parts.isComplete()) {
            write(session, sampler, writing);
        }
        double decodeSeconds = (System.nanoTime() - decodeStart) / NANOS;
        OptionalLong peak = ProcessMemory.peakBytes();
        int made = writing.ids().size();
        return new Generation(
                writing.text(),
                writing.ids(),
                read,
                made,
                writing.reason(),
                read == 0 ? 0 : read / prefillSeconds,
                made == 0 ? 0 : made / decodeSeconds,
                session.stateBytes(),
                peak.isPresent() ? peak.getAsLong() : null);
    }

    /** The session as the only lane of its own rows. */
    private static void write(Session session, Sampler sampler, Writing writing) {
        @Nullable Lane[] lanes = {new Lane(session.history(), sampler, writing, null)};
        while (lanes[0] != null) {
            Lane.round(session.rows(), lanes, (row, failure) -> {
                lanes[row] = null;
                if (failure != null) {
                    throw failure;
                }
            });
        }
    }
}
