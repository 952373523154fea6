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
        return new Pass(model, text, null, model, false).run(batch);
    }

    /** The teacher's own, from what was kept of it. */
    public static Quality ofTeacher(LanguageModel teacher, Reference reference) {
        return new Pass(teacher, reference.text(), reference, teacher, true).run(reference.batch());
    }

    /** Loss, and the distance to the teacher. The model's output layer must be the teacher's. */
    public static Quality measure(LanguageModel model, Reference reference) {
        return measure(model, reference, model);
    }

    /** Loss, and the distance to {@code teacher}, by its own output layer. */
    public static Quality measure(LanguageModel model, Reference reference, LanguageModel teacher) {
        return new Pass(model, reference.text(), reference, teacher, false).run(reference.batch());
    }

    /** The sums of one pass, by position. */
    private static final class Pass {
        private final LanguageModel model;
        private final EvalText text;
        private final @Nullable Reference reference;
        private final LanguageModel teacher;
        private final boolean kept;
        private final float[][] nll;
        private final float[][] bytes;
        private final float[][] kl;
        private final float[][] same;

        Pass(LanguageModel model, EvalText text, @Nullable Reference reference, LanguageModel teacher, boolean kept) {
            this.model = model;
            this.text = text;
            this.reference = reference;
            this.teacher = teacher;
            this.kept = kept;
            int windows = text.windows().size();
            nll = new float[windows][text.length()];
            bytes = new float[windows][text.length()];
            kl = new float[reference == null ? 0 : windows][text.length()];
            same = new float[reference == null ? 0 : windows][text.length()];
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
            return new Quality(nll, bytes, kl, same);
        }

        private void add(int first, int count) {
            int length = text.length();
            long rows = (long) count * length;
            Tensor hidden = reference != null && kept
                    ? reference.hidden(first)
                    : model.hidden(text.inputs(first, count, model.device()), Form.CHUNK);
            Tensor targets = text.targets(first, count, model.device());
            if (reference == null) {
                keep(nll, first, 0, TokenLikelihoods.nll(model, hidden, targets));
            } else {
                compare(
                        first,
                        hidden,
                        targets.reshape(rows, 1),
                        reference.hidden(first).reshape(rows, -1));
            }
            for (int row = 0; row < count; row++) {
                for (int t = 0; t < length; t++) {
                    bytes[first + row][t] = text.bytesAt(first + row, t);
                }
            }
        }

        /** Targets [N, 1] and the teacher's hidden states [N, D]. */
        private void compare(int first, Tensor hidden, Tensor targets, Tensor states) {
            TokenLikelihoods.read(model, hidden, (from, mine) -> { // [n, V]
                long part = mine.size(0);
                keep(
                        nll,
                        first,
                        from,
                        mine.gather(1, targets.narrow(0, from, part)).neg());
                Tensor theirs = TokenLikelihoods.logs(teacher, states.narrow(0, from, part)); // [n, V]
                keep(kl, first, from, theirs.exp().mul(theirs.sub(mine)).sum(1, false));
                keep(same, first, from, theirs.argmax(1).eq(mine.argmax(1)).to(DType.FLOAT32));
            });
        }

        private void keep(float[][] windows, int first, long from, Tensor values) {
            float[] plain = values.floats();
            for (int i = 0; i < plain.length; i++) {
                int window = first + (int) ((from + i) / text.length());
                windows[window][(int) ((from + i) % text.length())] = plain[i];
            }
        }
    }
}
