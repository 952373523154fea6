package dev.lizard.generate;

import dev.lizard.model.DecoderState;
import dev.lizard.model.GraphedDecode;
import dev.lizard.model.LanguageModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.DrawRow;
import dev.lizard.tensor.kernel.TokenDraw;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The step engine: the rows of one state, read together, and the tokens drawn for each.
 *
 * <p>On a card steps are recorded once single tokens come in a row, the draw of the next token with them: samplers lend
 * their settings and random numbers to the card and follow what it draws, so that scores need not come to the host and a
 * step is one call. Whoever reads another token than the one drawn, or draws by another sampler, gets what he would
 * get without.
 */
final class Rows implements AutoCloseable {
    /** Single steps before one is recorded: recording takes as long as some dozen steps. */
    private static final int UNRECORDED = 4;

    /** Scores held at once while those of each token are told. */
    private static final int SCORES = 1 << 22;

    /** A row's scores on the host, and who draws for it on the card. */
    private static final class Row {
        final float[] scores;
        boolean ready;
        boolean fetched;

        @Nullable
        Sampler lent;
        /** Where its random numbers stand; another state means that it was used elsewhere. */
        long random;
        /** The token that the lender's next step should read. */
        int expected;
        /** Whether the card has drawn what follows it. */
        boolean drawn;

        Row(int vocabulary) {
            scores = new float[vocabulary];
        }
    }

    private final LanguageModel model;
    private final DecoderState state;
    private final Row[] rows;
    private int singles;
    private int recordings;
    private boolean penalties;
    private @Nullable GraphedDecode graph;
    private @Nullable TokenDraw card;
    private @Nullable Tensor onCard; // the scores of the last step
    private long @Nullable [] told; // the tokens drawn behind it

    /** Takes the state over. */
    Rows(LanguageModel model, DecoderState state) {
        this.model = model;
        this.state = state;
        rows = new Row[state.batch()];
        Arrays.setAll(rows, i -> new Row(model.vocabulary()));
    }

    DecoderState state() {
        return state;
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /** Reads as many tokens of each row: ids [B, T], one row after the other. */
    void read(int[] ids) {
        int length = ids.length / rows.length;
        if (length == 1) {
            step(ids);
        } else {
            singles = 0;
            advance(ids, length);
        }
    }

    /** Reads a token of each row: ids [B]. */
    void step(int[] ids) {
        singles++;
        GraphedDecode recorded = singles > UNRECORDED ? recorded() : null;
        if (recorded == null) {
            advance(ids, 1);
            return;
        }
        boolean asDrawn = true;
        for (int i = 0; i < rows.length; i++) {
            Row row = rows[i];
            if (row.lent != null && row.expected != ids[i]) {
                row.lent = null; // its penalties count a token that was not read
            }
            asDrawn &= told != null && told[i] == ids[i];
            row.ready = true;
            row.fetched = false;
            row.drawn = row.lent != null;
        }
        onCard = asDrawn ? recorded.step() : recorded.step(ids);
        told = null;
    }

    /** As {@link #read} of one row, and tells the scores after each token. */
    void read(int[] ids, TokenScores scores) {
        singles = 0;
        advance(ids, ids.length, scores);
    }

    private void advance(int[] ids, int length) {
        advance(ids, length, null);
    }

    private void advance(int[] ids, int length, @Nullable TokenScores each) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor input = Tensors.of(ids, rows.length, length); // [B, T]
            Tensor hidden =
                    model.advance(model.device().isCuda() ? input.to(model.device()) : input, state); // [B, T, D]
            if (each != null) {
                tell(hidden, each);
            }
            Tensor last = length == 1 ? hidden : hidden.narrow(1, length - 1L, 1); // [B, 1, D]
            MemorySegment scores = host(model.logits(last)); // [B, V]
            for (int i = 0; i < rows.length; i++) {
                Row row = rows[i];
                copy(scores, i, row.scores);
                row.ready = true;
                row.fetched = true;
                row.lent = null;
            }
        }
        told = null;
    }

    /** The scores after each token, a few tokens at once, since all of a long piece would take much memory. */
    private void tell(Tensor hidden, TokenScores each) {
        int length = (int) hidden.size(1);
        int vocabulary = model.vocabulary();
        int together = Math.max(1, SCORES / vocabulary);
        float[] row = new float[vocabulary];
        for (int from = 0; from < length; from += together) {
            int count = Math.min(together, length - from);
            try (Scope piece = Scope.open()) {
                MemorySegment scores = host(model.logits(hidden.narrow(1, from, count))); // [1, count, V]
                for (int i = 0; i < count; i++) {
                    copy(scores, i, row);
                    each.take(from + i, row);
                }
            }
        }
    }

    private @Nullable GraphedDecode recorded() {
        if (graph != null && !graph.fits()) {
            forget();
        }
        if (graph == null) {
            graph = model.graphed(state);
            recordings += graph == null ? 0 : 1;
            if (graph != null && TokenDraw.serve(model.dtype(), model.vocabulary(), model.device())) {
                TokenDraw draw = new TokenDraw(rows.length, model.vocabulary(), penalties, model.device());
                graph.then(scores -> {
                    draw.draw(scores);
                    return draw.next();
                });
                card = draw;
            }
        }
        return graph;
    }

    /** Frees the recording; scores stay. */
    private void forget() {
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].ready) {
                scores(i);
            }
            rows[i].lent = null;
        }
        if (graph != null) {
            graph.close();
            graph = null;
        }
        if (card != null) {
            card.close();
            card = null;
        }
        onCard = null;
        told = null;
    }

    // ---- drawing ---------------------------------------------------------------------------------------------------

    /**
     * The next token of a row by {@code sampler}.
     *
     * @param seen what the row has read
     * @param allowed the ids of which it is drawn, on the host; null for any
     */
    int draw(int index, Sampler sampler, BitSet seen, @Nullable BitSet allowed) {
        Row row = rows[index];
        if (allowed != null) {
            release(index);
            float[] scores = scores(index).clone();
            for (int id = allowed.nextClearBit(0); id < scores.length; id = allowed.nextClearBit(id + 1)) {
                scores[id] = Float.NEGATIVE_INFINITY;
            }
            row.expected = sampler.next(scores, seen);
        } else if (row.lent == sampler && row.random == sampler.state() && row.drawn && card != null) {
            if (told == null) {
                try (Scope work = Scope.open()) {
                    told = card.told().to(Device.CPU).longs();
                }
            }
            row.drawn = false;
            if (told[index] == TokenDraw.FAILED) {
                throw Candidates.broken();
            }
            row.expected = (int) told[index];
            sampler.follow(row.expected);
            row.random = sampler.state();
        } else {
            row.expected = sampler.next(scores(index), seen);
            lend(index, sampler, seen);
        }
        return row.expected;
    }

    /** Lets the card draw for a row from the next step on. */
    private void lend(int index, Sampler sampler, BitSet seen) {
        if (sampler.settings().penalises() && !penalties) {
            penalties = true;
            forget();
        }
        if (card == null) {
            return;
        }
        Row row = rows[index];
        card.set(index, sampler.row());
        if (sampler.settings().penalises()) {
            int[] history = sampler.history(seen);
            history[row.expected] |= 1; // about to be read
            card.history(index, history);
        }
        row.lent = sampler;
        row.random = sampler.state();
        row.drawn = false;
        if (told != null) {
            told[index] = -1; // so that the token drawn here is sent there
        }
    }

    /** Takes back what {@link #draw} lent for a row: its sampler draws on the host the next time. */
    private void release(int index) {
        Row row = rows[index];
        row.lent = null;
        row.drawn = false;
        if (card != null) {
            card.set(index, DrawRow.EMPTY);
        }
    }

    /** How often a step was recorded. */
    int recordings() {
        return recordings;
    }

    // ---- rows ------------------------------------------------------------------------------------------------------

    /** Whether the row has read something, so that there are {@link #scores}. */
    boolean isReady(int index) {
        return rows[index].ready;
    }

    /** Scores of the row's next token [V]; the next step overwrites them. */
    float[] scores(int index) {
        Row row = rows[index];
        if (!row.ready) {
            throw new IllegalStateException("no scores before a token was read");
        }
        if (!row.fetched && onCard != null) {
            try (Scope work = Scope.open()) {
                copy(host(onCard.select(0, index)), 0, row.scores);
            }
            row.fetched = true;
        }
        return row.scores;
    }

    /** Puts a row where {@code from} of another state of this model stands, with its scores if there are any. */
    void put(int index, DecoderState other, int from, float @Nullable [] scores) {
        state.put(index, other, from);
        takeScores(index, scores);
    }

    /** Makes the row as if it had read nothing. */
    void clear(int index) {
        state.clear(index);
        takeScores(index, null);
    }

    /** Scores that belong to where the row stands, or null for none. */
    void takeScores(int index, float @Nullable [] scores) {
        Row row = rows[index];
        release(index);
        row.ready = scores != null;
        row.fetched = true;
        if (scores != null) {
            System.arraycopy(scores, 0, row.scores, 0, row.scores.length);
        }
    }

    /** Scores of any type and device in float32, for as long as the innermost scope is open. */
    private static MemorySegment host(Tensor scores) {
        Tensor wide = scores.dtype() == DType.FLOAT32 ? scores : scores.to(DType.FLOAT32);
        Tensor host = wide.device().isCuda() ? wide.to(Device.CPU) : wide;
        return host.contiguous().segment();
    }

    private static void copy(MemorySegment scores, int index, float[] row) {
        long start = (long) index * row.length * Float.BYTES;
        MemorySegment.copy(scores, ValueLayout.JAVA_FLOAT, start, row, 0, row.length);
    }

    @Override
    public void close() {
        if (graph != null) {
            graph.close();
        }
        if (card != null) {
            card.close();
        }
        state.close();
    }
}
