package dev.lizard.eval.inside;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerState;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A mixer without one of its {@linkplain Mixer#parts parts}, whose weight goes to the others; over whole sequences alone. A
 * mixer that does not have it, or nothing else, stays as it is.
 *
 * <pre>
 *   y = (Σ_q y_q − y_p) / (W − w_p)        W = max(1, Σ_q w_q), w_q: what q gives of values that are all 1
 * </pre>
 *
 * <p>W is 1 where the parts share one normaliser, what sinks take of it included, or a convex sum.
 */
record Without(Mixer mixer, String part) implements Mixer {
    private static final double TINY = 1e-30;

    @Override
    public Tensor forward(MixerInput in, Form form) {
        return parallel(in);
    }

    @Override
    public Tensor parallel(MixerInput in) {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> parts = mixer.parts(in);
            if (!parts.containsKey(part) || parts.size() == 1) {
                return scope.promote(mixer.parallel(in));
            }
            Tensor given = others(parts);
            Map<String, Tensor> weights = MixerParts.weights(mixer, in);
            Tensor mine = MixerParts.wide(weights.get(part));
            Tensor rest = others(weights).add(mine).clampMin(1).sub(mine);
            return scope.promote(given.div(rest.clampMin(TINY)).to(in.q().dtype()));
        }
    }

    private Tensor others(Map<String, Tensor> parts) {
        Map<String, Tensor> others = new LinkedHashMap<>(parts);
        others.remove(part);
        return MixerParts.sum(others);
    }

    @Override
    public MixerSpec spec() {
        return mixer.spec();
    }

    @Override
    public Map<String, Tensor> parameters() {
        return mixer.parameters();
    }

    @Override
    public MixerState newState(int batch, DType dtype, Device device) {
        throw new UnsupportedOperationException("whole sequences only");
    }

    @Override
    public Tensor chunk(MixerInput in, MixerState state) {
        throw new UnsupportedOperationException("whole sequences only");
    }

    @Override
    public Tensor step(MixerInput in, MixerState state) {
        throw new UnsupportedOperationException("whole sequences only");
    }
}
