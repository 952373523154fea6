package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A causal token mixer: what stands between a layer's q, k, v projections and its output projection.
 *
 * <p>A mixer is a value over its parameters and holds no mutable state of its own. Its three {@link Form}s compute the
 * same map; {@code MixerContract} in the tests proves it for each mixer.
 */
public interface Mixer {
    /** The data this mixer was made from. */
    MixerSpec spec();

    /** The new parameters by name, as given to {@link MixerSpec#create}; empty for mixers without any. */
    Map<String, Tensor> parameters();

    /**
     * Per-head outputs [B, H, T, d] of whole sequences. Width d is that of {@code in.v()}. Gradients flow in every form
     * but {@link Form#RECURRENT}.
     */
    default Tensor forward(MixerInput in, Form form) {
        return switch (form) {
            case PARALLEL -> parallel(in);
            case CHUNK -> {
                try (MixerState state = start(in)) {
                    yield chunk(in, state);
                }
            }
            case RECURRENT -> {
                try (MixerState state = start(in);
                        Gradients off = Gradients.off()) {
                    List<Tensor> rows = new ArrayList<>();
                    for (long t = 0; t < in.tokens(); t++) {
                        try (Positions there = in.at().from(t)) {
                            rows.add(step(in.slice(t, 1, there), state));
                        }
                    }
                    yield Tensors.cat(rows, 2);
                }
            }
        };
    }

    /**
     * As {@link #forward(MixerInput, Form)}; a mixer that has a kernel with a gradient of its own for this input puts
     * it on {@code tape}.
     */
    default Tensor forward(MixerInput in, Form form, Tape tape) {
        return forward(in, form);
    }

    private MixerState start(MixerInput in) {
        return newState((int) in.batch(), in.q().dtype(), in.q().device());
    }

    /** The definition over all pairs of tokens of whole sequences: [B, H, T, d]. */
    Tensor parallel(MixerInput in);

    /** An empty state for {@code batch} sequences; its memory is in float32 (float64 for float64 models). */
    MixerState newState(int batch, DType dtype, Device device);

    /**
     * Continues sequences that have read the tokens which {@code in.at()} tells and {@code state} remembers with T ≥ 1
     * more, and updates it. Rows may stand at different positions. Returns [B, H, T, d]. With gradients on, they flow
     * through the outputs of this call to its inputs and the parameters, but not into the state, so not to earlier
     * calls.
     */
    default Tensor advance(MixerInput in, MixerState state) {
        if (in.tokens() == 1 && !Gradients.enabled()) {
            return step(in, state);
        }
        return in.at().together() ? chunk(in, state) : rowByRow(in, state);
    }

    private Tensor rowByRow(MixerInput in, MixerState state) {
        List<Tensor> outputs = new ArrayList<>();
        for (int row = 0; row < in.batch(); row++) {
            try (MixerState alone = state.take(row);
                    Positions there = in.at().row(row)) {
                outputs.add(chunk(in.row(row, there), alone));
                state.put(row, alone, 0);
            }
        }
        return Tensors.cat(outputs, 0);
    }

    /** {@link #advance} by chunks, for rows that stand at one position. */
    Tensor chunk(MixerInput in, MixerState state);

    /**
     * {@link #advance} by the recurrence, for one token a row and without gradients. But for a cache it never needs more
     * than what the device knows of where the rows stand.
     */
    Tensor step(MixerInput in, MixerState state);

    /**
     * The same mixer with everything that depends on the parameters alone computed once, for generation: quicker steps,
     * no gradients to the parameters, blind to later changes of them. It lives as long as {@code owner}.
     *
     * @param model dtype of the inputs to come
     */
    default Mixer frozen(DType model, Scope owner) {
        return this;
    }

    /**
     * Whether {@link #forward(MixerInput, Form, Tape)} over whole sequences and its gradients only queue work on
     * {@code device}, the same for any input of a shape, so that a pass of training can be recorded once and replayed.
     *
     * @param model dtype of the inputs to come
     */
    default boolean trainsGraphed(DType model, Device device) {
        return false;
    }

    /** What mixers compute and remember in: float32, or float64 in a float64 model. */
    static DType computing(DType model) {
        return model == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    }

    /**
     * What {@link #parallel} gives as a sum over what takes part in it, by name: {@code near}, {@code first} and
     * {@code far} of a hybrid; a mixer that is one part has its own name. Each [B, H, T, d] is linear in v as the whole
     * is: of values that are all 1 it is the weight of the part.
     */
    default Map<String, Tensor> parts(MixerInput in) {
        return Map.of(spec().mixer(), parallel(in));
    }

    /** log γ [B, H, T], by which its memory decays with each token; empty for mixers without gates. */
    default Optional<Tensor> logGates(MixerInput in) {
        return Optional.empty();
    }

    /**
     * What it expects of the tokens of whole sequences, of more tokens than it keeps exactly by their place, beside what
     * softmax attention makes of them; empty for mixers that judge none.
     */
    default Optional<Importance> importance(MixerInput in) {
        return Optional.empty();
    }

    /**
     * The mixing matrix [B, H, T, T]: {@code forward} is what {@link #ended} makes of this matrix times the values of the
     * head's group. Works because, once q, k and the gates are fixed, every mixer that {@link MixerSpec#mixes} is
     * linear in v up to there.
     *
     * @throws IllegalStateException if it is none of these
     */
    default Tensor materialize(MixerInput in) {
        try (Scope scope = Scope.open()) {
            return scope.promote(parallel(in.withValues(in.units())));
        }
    }

    /** What becomes of a head's mixed values [B, H, T, d] of whole sequences: a norm or a gate; most leave them alone. */
    default Tensor ended(MixerInput in, Tensor mixed) {
        return mixed;
    }
}
