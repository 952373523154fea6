package dev.lizard.eval.inside;

import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.metric.Ratio;
import dev.lizard.eval.result.HeadError;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.Positions;
import dev.lizard.model.Decoder;
import dev.lizard.model.MixerObserver;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Errors of a student's layers on the teacher's own inputs: the residual stream before each of the teacher's layers goes
 * through the student's layer too, its norm, projections and adapters included, and what their mixers give is compared:
 *
 * <pre>
 *   e_h = Σ ||y_h − y'_h||² / Σ ||y_h||²        over the tokens of all windows
 * </pre>
 */
final class LayerErrors {
    private final Decoder student;
    private final double[][][] wrong; // layers, heads, windows
    private final double[][][] right;

    private LayerErrors(Decoder student, int windows) {
        this.student = student;
        wrong = new double[student.layers()][student.headDims().heads()][windows];
        right = new double[student.layers()][student.headDims().heads()][windows];
    }

    /** A row for each layer, followed by one for each of its heads; models of the same shape. */
    static List<HeadError> measure(Decoder teacher, Decoder student, String name, EvalText text) {
        int windows = text.windows().size();
        LayerErrors errors = new LayerErrors(student, windows);
        for (int window = 0; window < windows; window++) {
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off();
                    Positions at = student.positions(null)) {
                Tensor ids = text.inputs(window, 1, teacher.device());
                teacher.hidden(ids, Form.CHUNK, errors.new Comparing(window, at, work));
            }
        }
        return errors.rows(name, windows);
    }

    /** Keeps what the student gives of a layer until the teacher's is there. */
    private final class Comparing implements MixerObserver {
        private final int window;
        private final Positions at;
        private final Scope work;
        private @Nullable Tensor mine;

        Comparing(int window, Positions at, Scope work) {
            this.window = window;
            this.at = at;
            this.work = work;
        }

        @Override
        public void hidden(int depth, Tensor x) {
            if (depth < student.layers()) {
                try (Scope layer = Scope.open()) {
                    student.block(depth, x, at, Form.CHUNK, (number, in, heads) -> {
                        mine = work.adopt(heads.detach());
                    });
                }
            }
        }

        @Override
        public void observe(int layer, MixerInput in, Tensor heads) {
            if (mine == null) {
                throw new IllegalStateException("the student has not read what came before layer " + layer);
            }
            Tensor theirs = heads.to(DType.FLOAT32); // [1, H, T, d]
            keep(wrong[layer], mine.to(DType.FLOAT32).sub(theirs));
            keep(right[layer], theirs);
            mine.close();
        }

        private void keep(double[][] sums, Tensor y) {
            double[] squares = y.square().sum(-1, false).sum(-1, false).doubles(); // [1, H]
            for (int head = 0; head < squares.length; head++) {
                sums[head][window] = squares[head];
            }
        }
    }

    private List<HeadError> rows(String name, int windows) {
        List<HeadError> rows = new ArrayList<>();
        for (int layer = 0; layer < wrong.length; layer++) {
            Ratio whole = Ratio.of(sum(wrong[layer], windows), sum(right[layer], windows));
            rows.add(new HeadError(name, layer, null, whole.value(), whole.stderr(), windows));
            for (int head = 0; head < wrong[layer].length; head++) {
                Ratio one = Ratio.of(wrong[layer][head], right[layer][head]);
                rows.add(new HeadError(name, layer, head, one.value(), one.stderr(), windows));
            }
        }
        return rows;
    }

    private static double[] sum(double[][] heads, int windows) {
        double[] sums = new double[windows];
        for (double[] head : heads) {
            for (int window = 0; window < windows; window++) {
                sums[window] += head[window];
            }
        }
        return sums;
    }
}
