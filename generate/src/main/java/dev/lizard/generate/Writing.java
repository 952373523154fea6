package dev.lizard.generate;

import dev.lizard.text.StopStrings;
import dev.lizard.text.StreamDecoder;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.grammar.Grammar;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A text as it comes, token by token, up to what ends it. */
public final class Writing implements TokenWriter {
    private final GenerationSettings settings;
    private final GenerationListener listener;
    private final BooleanSupplier stop;
    private final Set<Integer> ends;
    private final StreamDecoder decoder;
    private final StopStrings stops;
    private final StringBuilder text = new StringBuilder();
    private final List<Integer> ids = new ArrayList<>();
    private final Tokenizer tokenizer;
    private final Grammar.@Nullable Cursor grammar;
    private @Nullable FinishReason reason;

    /** @param stop asked before each token */
    public Writing(
            Tokenizer tokenizer, GenerationSettings settings, GenerationListener listener, BooleanSupplier stop) {
        this.tokenizer = tokenizer;
        this.settings = settings;
        grammar = settings.grammar() == null ? null : settings.grammar().begin();
        this.listener = listener;
        this.stop = stop;
        ends = new HashSet<>(settings.endIds());
        ends.addAll(tokenizer.eosIds());
        decoder = tokenizer.streamDecoder(true, true);
        stops = new StopStrings(settings.stops());
    }

    @Override
    public boolean isDone() {
        if (reason == null && grammar != null && grammar.isOver()) {
            end(FinishReason.STOP);
        } else if (reason == null && ids.size() >= settings.maxTokens()) {
            end(FinishReason.LENGTH);
        } else if (reason == null && stop.getAsBoolean()) {
            end(FinishReason.CANCELLED);
        }
        return reason != null;
    }

    @Override
    public @Nullable BitSet allowed() {
        if (grammar == null) {
            return null;
        }
        BitSet allowed = grammar.allowed(settings.maxTokens() - ids.size());
        if (grammar.mayEnd()) {
            allowed = (BitSet) allowed.clone();
            ends.forEach(allowed::set);
        }
        return allowed;
    }

    @Override
    public boolean take(int id) {
        if ((!settings.pastEnd() || grammar != null) && ends.contains(id)) {
            end(FinishReason.STOP);
            return false;
        }
        ids.add(id);
        listener.token(id);
        emit(stops.append(settings.shown().contains(id) ? tokenizer.piece(id) : decoder.append(id)));
        if (grammar != null) {
            grammar.take(id);
        }
        if (stops.matched().isPresent()) {
            reason = FinishReason.STOP;
        }
        return true;
    }

    /** Lets out what was held back: an incomplete character, the beginning of a stop string that did not come. */
    private void end(FinishReason why) {
        reason = why;
        emit(stops.append(decoder.finish()));
        emit(stops.finish());
    }

    private void emit(String piece) {
        if (!piece.isEmpty()) {
            text.append(piece);
            listener.text(piece);
        }
    }

    /** Ids so far, but for one that ended the text. */
    public List<Integer> ids() {
        return ids;
    }

    public String text() {
        return text.toString();
    }

    /** Why it ended; cancelled where it never began. */
    public FinishReason reason() {
        return reason == null ? FinishReason.CANCELLED : reason;
    }
}
