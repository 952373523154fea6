package dev.lizard.distill;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerInput;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.FusedOps;
import dev.lizard.text.Batch;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The first stage (Lizard, section 3.2; LoLCATs): each new mixer learns to give the per-head outputs of the softmax it
 * replaces, on the same input:
 *
 * <pre>
 *   L = s · mean over layers of mean((y_student − y_softmax)²)        y [B, H, T, d], before the output projection
 * </pre>
 *
 * <p>One pass through the decoder without gradients gives all inputs. Inside it, while a layer's input is at hand, its
 * student runs with gradients and is back-propagated at once, so that the graph of one layer exists at a time and
 * memory does not grow with depth. The squared error is taken in float32. s is the recipe's {@code loss_scale}.
 */
final class AttentionTransfer implements Objective {
    private final Decoder decoder;
    private final Map<Integer, Mixer> students;
    private final Map<Integer, Mixer> teachers;
    private final ParameterBuffer parameters;
    private final double scale;

    /**
     * @param decoder its own mixers decide whose hidden states are seen: the teacher's, or the students'
     * @param students new mixers by layer, over the buffer's leaves
     * @param teachers the softmax of the same layers
     * @param scale s
     */
    AttentionTransfer(
            Decoder decoder,
            Map<Integer, Mixer> students,
            Map<Integer, Mixer> teachers,
            ParameterBuffer parameters,
            double scale) {
        this.decoder = decoder;
        this.students = students;
        this.teachers = teachers;
        this.parameters = parameters;
        this.scale = scale;
    }

    @Override
    public ParameterBuffer parameters() {
        return parameters;
    }

    @Override
    public Tensor accumulate(Tensor inputs, Tensor targets, double share) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor total = Tensors.zeros(DType.FLOAT32, decoder.device());
            decoder.hidden(inputs, Form.CHUNK, (layer, in, heads) -> {
                Mixer student = students.get(layer);
                if (student != null) {
                    total.add_(learn(student, in, target(layer, in, heads), share));
                }
            });
            return work.promote(total);
        }
    }

    @Override
    public boolean recordable() {
        return decoder.trainsGraphed()
                && Stream.concat(students.values().stream(), teachers.values().stream())
                        .allMatch(mixer -> mixer.trainsGraphed(decoder.dtype(), decoder.device()));
    }

    @Override
    public void keep(long tokens, Scope owner) {
        decoder.keep(tokens, owner);
    }

    /** What the softmax gives on this input [B, H, T, d]: the decoder's own output unless a student stands there. */
    private Tensor target(int layer, MixerInput in, Tensor heads) {
        Mixer teacher = teachers.get(layer);
        return teacher == null || decoder.mixer(layer).equals(teacher) ? heads : teacher.forward(in, Form.CHUNK);
    }

    private Tensor learn(Mixer student, MixerInput in, Tensor target, double share) {
        try (Scope layer = Scope.open();
                Gradients on = Gradients.on();
                Tape tape = new Tape()) {
            Tensor heads = student.forward(in, Form.CHUNK, tape); // [B, H, T, d]
            double weight = scale / students.size() / heads.count();
            if (FusedOps.serve(heads) && heads.dtype() == target.dtype()) {
                Tensor rows = heads.detach().transpose(1, 2).contiguous(); // as kernels lay them out
                FusedOps.Squares error =
                        FusedOps.squares(rows, target.transpose(1, 2).contiguous(), 2 * weight * share);
                tape.backward(heads, error.gradient().transpose(1, 2));
                return layer.promote(error.sum().mul(weight));
            }
            Tensor error = heads.to(DType.FLOAT32).sub(target.to(DType.FLOAT32));
            Tensor loss = error.square().mean().mul(scale / students.size());
            loss.mul(share).backward();
            tape.unwind();
            return layer.promote(loss.detach());
        }
    }

    /**
     * Relative squared error |y_student − y_softmax|² / |y_softmax|² of each replaced layer on a batch, in order of
     * layers.
     */
    double[] errors(Batch batch) {
        double[] errors = new double[students.size()];
        int[] next = {0};
        Device device = decoder.device();
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            decoder.hidden(Ids.inputs(batch, device), Form.CHUNK, (layer, in, heads) -> {
                Mixer student = students.get(layer);
                if (student != null) {
                    Tensor target = target(layer, in, heads).to(DType.FLOAT32);
                    Tensor error =
                            student.forward(in, Form.CHUNK).to(DType.FLOAT32).sub(target);
                    errors[next[0]++] = error.square().mean().item()
                            / target.square().mean().item();
                }
            });
        }
        return errors;
    }

    @Override
    public String diagnose(Batch batch) {
        String[] found = {""};
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            decoder.hidden(Ids.inputs(batch, decoder.device()), Form.CHUNK, (layer, in, heads) -> {
                Mixer student = students.get(layer);
                if (found[0].isEmpty() && student != null) {
                    if (!in.x().allFinite() || !target(layer, in, heads).allFinite()) {
                        found[0] = "layer %d (teacher)".formatted(layer);
                    } else if (!student.forward(in, Form.CHUNK).allFinite()) {
                        found[0] = "layer %d (mixer)".formatted(layer);
                    }
                }
            });
        }
        return found[0].isEmpty() ? NonFinite.firstGradient(parameters) : found[0];
    }
}
