package dev.lizard.eval.metric;

import dev.lizard.mixer.Form;
import dev.lizard.model.LanguageModel;
import dev.lizard.model.TokenLikelihoods;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Measures {@link Quality}: one pass over the text, logits for a few rows at a time.
 *
 * <pre>
 *   NLL_t = -log p(x_{t+1} | x_1..x_t)
 *   KL_t  = sum over the vocabulary of p_teacher (log p_teacher - log p)
 * </pre>
 */
public final class QualityMeter {
    private QualityMeter() {}

    /** Loss alone. */
    public static Quality measure(LanguageModel model, EvalText text, int batch) {
        return new Pass(model, text, null, false).run(batch);
    }

    /** The teacher's own, from what was kept of it. */
    public static Quality ofTeacher(LanguageModel teacher, Reference reference) {
        return new Pass(teacher, reference.text(), reference, true).run(reference.batch());
    }

    /** Loss, and the distance to the teacher. The model's output layer must be the teacher's. */
    public static Quality measure(LanguageModel model, Reference reference) {
        return new Pass(model, reference.text(), reference, false).run(reference.batch());
    }

    /** The sums of one pass, by position. */
    private static final class Pass {
        private final LanguageModel model;
        private final EvalText text;
        private final @Nullable Reference reference;
        private final boolean kept;
        private final double[] nll;
        private final double[] bytes;
        private final double[] kl;
        private final double[] same;
        private final float[][] windowNll;
        private final float[][] windowBytes;

        Pass(LanguageModel model, EvalText text, @Nullable Reference reference, boolean kept) {
            this.model = model;
            this.text = text;
            this.reference = reference;
            this.kept = kept;
            int length = text.length();
            nll = new double[length];
            bytes = new double[length];
            kl = new double[reference == null ? 0 : length];
            same = new double[reference == null ? 0 : length];
            windowNll = new float[text.windows().size()][length];
            windowBytes = new float[text.windows().size()][length];
        }

        Quality run(int batch) {
            int windows = text.windows().size();
            for (int first = 0; first < windows; first += batch) {
                int count = Math.min(batch, windows - first);
                try (Scope work = Scope.open();
                        Gradients off = Gradients.off()) {
                    add(first, count);
                }
            }
            for (double[] sums : new double[][] {nll, bytes, kl, same}) {
                for (int t = 0; t < sums.length; t++) {
                    sums[t] /= windows;
                }
            }
            return new Quality(nll, bytes, kl, same, windowNll, windowBytes);
        }

        private void add(int first, int count) {
            int length = text.length();
            long rows = (long) count * length;
            Tensor hidden = reference != null && kept
                    ? reference.hidden(first)
                    : model.hidden(text.inputs(first, count, model.device()), Form.CHUNK);
            Tensor targets = text.targets(first, count, model.device());
            if (reference == null) {
                keep(first, 0, TokenLikelihoods.nll(model, hidden, targets));
            } else {
                compare(
                        first,
                        hidden,
                        targets.reshape(rows, 1),
                        reference.hidden(first).reshape(rows, -1));
            }
            for (int row = 0; row < count; row++) {
                for (int t = 0; t < length; t++) {
                    windowBytes[first + row][t] = text.bytesAt(first + row, t);
                    bytes[t] += windowBytes[first + row][t];
                }
            }
        }

        /** Targets [N, 1] and the teacher's hidden states [N, D]. */
        private void compare(int first, Tensor hidden, Tensor targets, Tensor teacher) {
            TokenLikelihoods.read(model, hidden, (from, mine) -> { // [n, V]
                long part = mine.size(0);
                keep(first, from, mine.gather(1, targets.narrow(0, from, part)).neg());
                Tensor theirs = TokenLikelihoods.logs(model, teacher.narrow(0, from, part)); // [n, V]
                addTo(kl, from, theirs.exp().mul(theirs.sub(mine)).sum(1, false));
                addTo(same, from, theirs.argmax(1).eq(mine.argmax(1)).to(DType.FLOAT32));
            });
        }

        private void keep(int first, long from, Tensor values) {
            float[] plain = values.floats();
            for (int i = 0; i < plain.length; i++) {
                int window = first + (int) ((from + i) / nll.length);
                int t = (int) ((from + i) % nll.length);
                windowNll[window][t] = plain[i];
                nll[t] += plain[i];
            }
        }

        private void addTo(double[] sums, long from, Tensor values) {
            float[] plain = values.floats();
            for (int i = 0; i < plain.length; i++) {
                sums[(int) ((from + i) % sums.length)] += plain[i];
            }
        }
    }
}
