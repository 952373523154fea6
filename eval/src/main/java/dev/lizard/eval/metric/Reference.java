package dev.lizard.eval.metric;

import dev.lizard.mixer.Form;
import dev.lizard.model.LanguageModel;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What the teacher says of a text, kept as its last hidden states [B, T, D] so that any number of models can be
 * compared with it, also those that the same model becomes later. Logits are made when they are asked for.
 */
public final class Reference implements AutoCloseable {
    private final Scope scope = Scope.owner();
    private final EvalText text;
    private final int batch;
    private final List<Tensor> hidden = new ArrayList<>();

    private Reference(EvalText text, int batch) {
        this.text = text;
        this.batch = batch;
    }

    /** Runs the teacher over the text, {@code batch} windows at a time. */
    public static Reference of(LanguageModel teacher, EvalText text, int batch) {
        Reference reference = new Reference(text, batch);
        for (int first = 0; first < text.windows().size(); first += batch) {
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                Tensor ids = text.inputs(first, reference.rows(first), teacher.device());
                reference.hidden.add(reference.scope.adopt(teacher.hidden(ids, Form.CHUNK)));
            }
        }
        return reference;
    }

    public EvalText text() {
        return text;
    }

    /** Windows at a time. */
    int batch() {
        return batch;
    }

    /** Windows in the batch that begins with window {@code first}. */
    int rows(int first) {
        return Math.min(batch, text.windows().size() - first);
    }

    /** The teacher's hidden states [rows, T, D] of the batch that begins with window {@code first}. */
    Tensor hidden(int first) {
        return hidden.get(first / batch);
    }

    @Override
    public void close() {
        scope.close();
    }
}
