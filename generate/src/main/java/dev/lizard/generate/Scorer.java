package dev.lizard.generate;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.model.DecoderState;
import dev.lizard.model.LanguageModel;
import dev.lizard.model.TokenLikelihoods;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.StreamDecoder;
import dev.lizard.text.Tokenizer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Negative log-likelihoods of a text's tokens. A text longer than the context is cut into windows that do not overlap,
 * each read afresh; the last token of one is the first of the next, so that every token but the text's first is
 * predicted once:
 *
 * <pre>
 *   nll_i = −log p(id_i | id_s, ..., id_{i−1})        s = context ⌊(i − 1) / context⌋
 * </pre>
 *
 * <p>Long windows are read in pieces with a state, so memory stays that of the state.
 */
public final class Scorer {
    /** Tokens read at once, over all windows of a batch. */
    private static final int PIECE = 2048;

    private final LanguageModel model;
    private final boolean likeliest;

    /** The model stays its owner's. */
    public Scorer(LanguageModel model) {
        this(model, false);
    }

    /** @param likeliest whether scores also say which tokens were the likeliest */
    public Scorer(LanguageModel model, boolean likeliest) {
        this.model = model;
        this.likeliest = likeliest;
    }

    /** As {@link #score(int[], int, long, Progress)}, for the text that {@code ids} are of. */
    public Score score(int[] ids, int context, Tokenizer tokenizer) {
        return score(ids, context, bytes(ids, tokenizer), Progress.NONE);
    }

    /**
     * Scores a text.
     *
     * @param ids [T]
     * @param context most tokens seen before a predicted one; 0 for all
     * @param bytes UTF-8 bytes of the text after its first token; 0 if unknown
     * @param progress told how many predictions were made
     * @throws LizardException INPUT for fewer than two tokens or an id outside the vocabulary, FAILED where a result is
     *     not finite
     */
    public Score score(int[] ids, int context, long bytes, Progress progress) {
        check(ids);
        int predictions = ids.length - 1;
        int window = context == 0 ? predictions : Math.min(context, predictions);
        float[] nll = new float[predictions];
        long[] best = new long[likeliest ? predictions : 0];
        int whole = predictions / window;
        int together = Math.max(1, PIECE / window);
        for (int first = 0; first < whole; first += together) {
            int count = Math.min(together, whole - first);
            windows(ids, first * window, count, window, nll, best);
            progress.update((long) (first + count) * window, "");
        }
        if (whole * window < predictions) {
            windows(ids, whole * window, 1, predictions - whole * window, nll, best);
            progress.update(predictions, "");
        }
        return Score.of(new FloatList(nll), likeliest ? equal(best, ids) : null, window, bytes);
    }

    /** Whether each token after the first is the one that was foretold. */
    private static List<Boolean> equal(long[] best, int[] ids) {
        return IntStream.range(0, best.length)
                .mapToObj(i -> best[i] == ids[i + 1])
                .toList();
    }

    /** Scores {@code count} windows of {@code length} predictions, one after the other from token {@code start} on. */
    private void windows(int[] ids, int start, int count, int length, float[] nll, long[] best) {
        try (DecoderState state = model.newState(count);
                Gradients off = Gradients.off()) {
            for (int from = 0; from < length; from += PIECE) {
                int piece = Math.min(PIECE, length - from);
                try (Scope work = Scope.open()) {
                    Tensor inputs = rows(ids, start + from, count, length, piece); // [B, T]
                    Tensor targets = rows(ids, start + from + 1, count, length, piece); // [B, T]
                    Tensor hidden = model.advance(inputs, state); // [B, T, D]
                    float[] values =
                            TokenLikelihoods.nll(model, hidden, targets).floats();
                    for (int row = 0; row < count; row++) {
                        System.arraycopy(values, row * piece, nll, start + row * length + from, piece);
                    }
                    if (likeliest) {
                        long[] ones = TokenLikelihoods.likeliest(model, hidden);
                        for (int row = 0; row < count; row++) {
                            System.arraycopy(ones, row * piece, best, start + row * length + from, piece);
                        }
                    }
                }
            }
        }
        requireFinite(nll, start, count * length);
    }

    /** {@code piece} ids of each window, from {@code start} on in the first: int64 [B, T] on the model's device. */
    private Tensor rows(int[] ids, int start, int count, int length, int piece) {
        int[] rows = new int[count * piece];
        for (int row = 0; row < count; row++) {
            System.arraycopy(ids, start + row * length, rows, row * piece, piece);
        }
        return Tensors.of(rows, count, piece).to(model.device());
    }

    private static void requireFinite(float[] nll, int start, int length) {
        for (int i = start; i < start + length; i++) {
            if (!Float.isFinite(nll[i])) {
                throw LizardException.failed(
                        "score of token %d is %s: expected a finite number; check the model, or try"
                                        .formatted(i + 1, nll[i])
                                + " --dtype float32");
            }
        }
    }

    private void check(int[] ids) {
        if (ids.length < 2) {
            throw LizardException.input(
                    "cannot score a text of %d token(s): expected 2 or more; give a longer text".formatted(ids.length));
        }
        for (int id : ids) {
            Session.check(id, model.vocabulary());
        }
    }

    /** UTF-8 bytes of the text of all ids but the first. */
    public static long bytes(int[] ids, Tokenizer tokenizer) {
        StreamDecoder text = tokenizer.streamDecoder(true, true);
        long bytes = 0;
        for (int i = 1; i < ids.length; i++) {
            bytes += text.append(ids[i]).getBytes(UTF_8).length;
        }
        return bytes + text.finish().getBytes(UTF_8).length;
    }
}
