package dev.lizard.distill;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.Importance;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.FusedOps;
import dev.lizard.text.Batch;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The first stage: each new mixer learns by itself to do what the softmax it replaces does, on the same input. Of
 * outputs (Lizard, section 3.2; LoLCATs)
 *
 * <pre>
 *   L = s · mean over layers of mean((y_student − y_softmax)²)        y [B, H, T, d], before the output projection
 * </pre>
 *
 * of mixing matrices [B, H, T, T] (Hedgehog; MOHAWK, stage 1), or of what tokens are worth, as {@link Loss} says.
 *
 * <p>One pass through the decoder without gradients gives all inputs. Inside it, while a layer's input is at hand, its
 * student runs with gradients and is back-propagated at once, so that the graph of one layer exists at a time and
 * memory does not grow with depth. Errors are taken in float32.
 */
final class AttentionTransfer implements Objective {
    private final Decoder decoder;
    private final Map<Integer, Mixer> students;
    private final Map<Integer, Mixer> teachers;
    private final ParameterBuffer parameters;
    private final List<Loss.Term> terms;

    /**
     * @param decoder its own mixers decide whose hidden states are seen: the teacher's, or the students'
     * @param students new mixers by layer, over the buffer's leaves
     * @param teachers the softmax of the same layers; none where the decoder is another model
     * @param terms what is minimised
     */
    AttentionTransfer(
            Decoder decoder,
            Map<Integer, Mixer> students,
            Map<Integer, Mixer> teachers,
            ParameterBuffer parameters,
            List<Loss.Term> terms) {
        this.decoder = decoder;
        this.students = students;
        this.teachers = teachers;
        this.parameters = parameters;
        this.terms = terms;
    }

    @Override
    public ParameterBuffer parameters() {
        return parameters;
    }

    @Override
    public Tensor accumulate(Ids ids, double share) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor total = Tensors.zeros(DType.FLOAT32, decoder.device());
            ids.pass(decoder, (layer, in, heads) -> {
                Mixer student = students.get(layer);
                if (student != null) {
                    total.add_(learn(student, layer, in, heads, share));
                }
            });
            return work.promote(total);
        }
    }

    @Override
    public boolean recordable() {
        return decoder.trainsGraphed()
                && terms.stream().allMatch(term -> term.loss() instanceof Loss.AttentionOutput)
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

    private Tensor learn(Mixer student, int layer, MixerInput in, Tensor heads, double share) {
        try (Scope work = Scope.open()) {
            Tensor total = Tensors.zeros(DType.FLOAT32, decoder.device());
            for (Loss.Term term : terms) {
                double weight = term.weight() / students.size();
                Tensor value = switch (term.loss()) {
                    case Loss.AttentionOutput output ->
                        outputs(student, in, target(layer, in, heads), output, weight, share);
                    case Loss.AttentionWeights _, Loss.MixingMatrix _ ->
                        matrices(student, layer, in, term.loss(), share * weight)
                                .mul(weight);
                    case Loss.Importance _ -> importance(student, in, weight, share);
                    case Loss.Orthogonality _ -> orthogonality(student, weight, share);
                    case Loss.HiddenState _, Loss.NextToken _, Loss.Kl _, Loss.Sum _ ->
                        throw new IllegalStateException(term.loss() + " is not taken at mixers");
                };
                total.add_(value.to(DType.FLOAT32));
            }
            return work.promote(total);
        }
    }

    private static Tensor outputs(
            Mixer student, MixerInput in, Tensor target, Loss.AttentionOutput loss, double factor, double share) {
        try (Scope layer = Scope.open();
                Gradients on = Gradients.on();
                Tape tape = new Tape()) {
            Tensor heads = student.forward(in, Form.CHUNK, tape); // [B, H, T, d]
            Tensor size = loss.relative() ? square(target) : null;
            double weight = loss.scale() * factor / heads.count();
            if (FusedOps.serve(heads) && heads.dtype() == target.dtype()) {
                Tensor rows = heads.detach().transpose(1, 2).contiguous(); // as kernels lay them out
                FusedOps.Squares error =
                        FusedOps.squares(rows, target.transpose(1, 2).contiguous(), 2 * weight * share);
                Tensor gradient = error.gradient().transpose(1, 2);
                tape.backward(heads, size == null ? gradient : gradient.div(size.to(gradient.dtype())));
                Tensor sum = error.sum().mul(weight);
                return layer.promote(size == null ? sum : sum.div(size));
            }
            Tensor error = heads.to(DType.FLOAT32).sub(target.to(DType.FLOAT32));
            Tensor mean = error.square().mean();
            Tensor value = (size == null ? mean : mean.div(size)).mul(loss.scale() * factor);
            value.mul(share).backward();
            tape.unwind();
            return layer.promote(value.detach());
        }
    }

    private static Tensor importance(Mixer student, MixerInput in, double weight, double share) {
        try (Scope layer = Scope.open();
                Gradients on = Gradients.on()) {
            Importance judged = student.importance(in).orElse(null);
            if (judged == null) { // in some layers alone
                return layer.promote(Tensors.zeros(DType.FLOAT32, in.q().device()));
            }
            Tensor value = judged.scores().sub(judged.target()).square().mean().mul(weight);
            value.mul(share).backward();
            return layer.promote(value.detach());
        }
    }

    /** Σ ‖W Wᵀ − I‖²_F over the matrices that the mixer has. */
    private Tensor orthogonality(Mixer student, double weight, double share) {
        try (Scope work = Scope.open();
                Gradients on = Gradients.on()) {
            Tensor total = Tensors.zeros(DType.FLOAT32, decoder.device());
            for (String name : student.spec().orthogonal()) {
                Tensor w = MixerSpec.need(student.parameters(), name).to(DType.FLOAT32); // [n, n]
                Tensor eye = Tensors.eye(w.size(0), DType.FLOAT32, w.device());
                total = total.add(w.matmul(w.transpose(0, 1)).sub(eye).square().sum());
            }
            Tensor value = total.mul(weight);
            if (value.requiresGrad()) { // the matrices may be frozen, or in other layers
                value.mul(share).backward();
            }
            return work.promote(value.detach());
        }
    }

    /** The mean square of a teacher's outputs, a scalar. */
    private static Tensor square(Tensor target) {
        try (Gradients off = Gradients.off()) {
            return target.to(DType.FLOAT32).square().mean().clampMin(1e-12);
        }
    }

    private Tensor matrices(Mixer student, int layer, MixerInput in, Loss loss, double factor) {
        try (Scope work = Scope.open();
                Gradients on = Gradients.on()) {
            Tensor mine = student.materialize(in); // [B, H, T, T]
            Tensor goal;
            try (Gradients off = Gradients.off()) {
                Mixer teacher = teachers.get(layer);
                goal = (teacher == null ? decoder.mixer(layer) : teacher).materialize(in);
            }
            Distances found = loss instanceof Loss.MixingMatrix
                    ? Distances.length(mine, goal, 2)
                    : Distances.crossEntropy(mine, goal);
            mine.backward(found.gradient().mul(factor));
            return work.promote(found.value());
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
            Ids.of(batch, decoder.device()).pass(decoder, (layer, in, heads) -> {
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
