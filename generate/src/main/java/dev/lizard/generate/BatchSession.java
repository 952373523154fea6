package dev.lizard.generate;

import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.model.GraphedDecode;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * Several sequences of equal length, read and continued together: one pass over the weights serves them all. For bulk
 * work such as sampling a corpus; {@link Session} has what a conversation needs.
 */
public final class BatchSession implements AutoCloseable {
    private final Decoder decoder;
    private final DecoderState state;
    private final float[][] logits;
    private @Nullable GraphedDecode recorded;

    /** {@code batch} sequences that have read nothing. */
    public BatchSession(Decoder decoder, int batch) {
        this.decoder = decoder;
        state = decoder.newState(batch);
        logits = new float[batch][decoder.config().vocabSize()];
    }

    /**
     * Reads as many tokens of each sequence: ids [B][T].
     *
     * @return scores of the next tokens [B][V], the session's own arrays, which the next call overwrites
     */
    public float[][] read(int[][] ids) {
        int tokens = ids[0].length;
        int vocabulary = logits[0].length;
        int[] flat = new int[ids.length * tokens];
        for (int row = 0; row < ids.length; row++) {
            if (ids.length != logits.length || ids[row].length != tokens) {
                throw new IllegalArgumentException("a batch of %d sequences of equal length".formatted(logits.length));
            }
            for (int id : ids[row]) {
                Session.check(id, vocabulary);
            }
            System.arraycopy(ids[row], 0, flat, row * tokens, tokens);
        }
        int chunk = Math.max(Session.CHUNK, Session.chunk(decoder.device()) / ids.length);
        for (int from = 0; from < tokens; from += chunk) {
            int length = Math.min(chunk, tokens - from);
            advance(flat, tokens, from, length);
        }
        return logits;
    }

    private void advance(int[] flat, int tokens, int from, int length) {
        GraphedDecode fast = tokens == 1 ? recorded() : null;
        if (fast != null) {
            try (Scope work = Scope.open()) {
                Tensor scores = fast.step(flat).to(Device.CPU); // [B, V]
                for (int row = 0; row < logits.length; row++) {
                    Session.copyRow(scores.select(0, row), logits[row]);
                }
            }
            return;
        }
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor all = Tensors.of(flat, logits.length, tokens); // [B, all tokens]
            Tensor piece = all.narrow(1, from, length).contiguous().to(decoder.device()); // [B, T]
            Tensor hidden = decoder.advance(piece, state); // [B, T, D]
            if (from + length == tokens) {
                Tensor scores = decoder.logits(hidden.narrow(1, length - 1L, 1)); // [B, 1, V]
                for (int row = 0; row < logits.length; row++) {
                    Session.copyRow(scores.select(0, row), logits[row]);
                }
            }
        }
    }

    private @Nullable GraphedDecode recorded() {
        if (recorded != null && !recorded.fits()) {
            recorded.close();
            recorded = null;
        }
        if (recorded == null && GraphedDecode.served(decoder)) {
            recorded = new GraphedDecode(decoder, state);
        }
        return recorded;
    }

    /** Reads one token of each sequence; otherwise as {@link #read}. */
    public float[][] step(int[] ids) {
        int[][] column = new int[ids.length][];
        for (int row = 0; row < ids.length; row++) {
            column[row] = new int[] {ids[row]};
        }
        return read(column);
    }

    /** Tokens read of each sequence. */
    public long tokens() {
        return state.tokens();
    }

    /** Bytes of the state of all sequences. */
    public long stateBytes() {
        return state.bytes();
    }

    @Override
    public void close() {
        if (recorded != null) {
            recorded.close();
        }
        state.close();
    }
}
