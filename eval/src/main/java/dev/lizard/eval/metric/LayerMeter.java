package dev.lizard.eval.metric;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.Mixer;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.Map;

/** What can be seen of a student inside the teacher's forward pass: its layers' errors, its gates. */
public final class LayerMeter {
    private LayerMeter() {}

    /**
     * Relative squared error of per-head outputs, ||y - y'||² / ||y||², of each student on the teacher's inputs.
     *
     * @param teacher a decoder whose mixers are the teacher's
     * @param students mixers by layer; layers without one get NaN
     * @return one number a layer
     */
    public static double[] errors(Decoder teacher, Map<Integer, Mixer> students, EvalText text, int windows) {
        double[] errors = new double[teacher.layers()];
        java.util.Arrays.fill(errors, Double.NaN);
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor ids = text.inputs(0, Math.min(windows, text.windows().size()), teacher.device());
            teacher.hidden(ids, Form.CHUNK, (layer, in, heads) -> {
                Mixer student = students.get(layer);
                if (student != null) {
                    Tensor right = heads.to(DType.FLOAT32); // [B, H, T, d]
                    Tensor wrong =
                            student.forward(in, Form.CHUNK).to(DType.FLOAT32).sub(right);
                    errors[layer] =
                            wrong.square().sum().item() / right.square().sum().item();
                }
            });
        }
        return errors;
    }

    /**
     * Half-life in tokens of each head's memory: the time in which the mean logarithm of its gate halves what it holds.
     *
     * @param model any decoder, its gated mixers in place; their inputs are the ones it makes itself
     * @return one row a layer; empty for a layer whose mixer has no gate
     */
    public static double[][] halfLives(Decoder model, EvalText text, int windows) {
        double[][] halfLives = new double[model.layers()][0];
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor ids = text.inputs(0, Math.min(windows, text.windows().size()), model.device());
            model.hidden(ids, Form.CHUNK, (layer, in, heads) -> {
                model.mixer(layer)
                        .logGates(in)
                        .ifPresent(
                                gates -> { // [B, H, T]
                                    Tensor mean = gates.mean(0, false).mean(-1, false); // [H]
                                    halfLives[layer] = halfLives(mean.doubles());
                                });
            });
        }
        return halfLives;
    }

    private static double[] halfLives(double[] logGates) {
        double[] lives = new double[logGates.length];
        for (int h = 0; h < lives.length; h++) {
            lives[h] = Math.log(0.5) / logGates[h];
        }
        return lives;
    }
}
