package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Weights of the model that a student does not take over from its teacher but draws anew, normal and as spread as the
 * teacher's: what taking them over is worth is measured so. They are trained by some stage.
 */
final class FreshWeights {
    private FreshWeights() {}

    /**
     * @param patterns as {@link BaseWeights} reads them
     * @param where the key, for messages
     * @throws LizardException USAGE for a name that no weight has, or for what is no matrix of a block
     */
    static List<ParameterBuffer.Entry> of(List<String> patterns, Decoder decoder, long seed, String where) {
        List<ParameterBuffer.Entry> fresh = new ArrayList<>();
        BaseWeights.named(patterns, decoder.weights(), where).forEach((name, weight) -> {
            if (!BaseWeights.group(name, weight).equals(BaseWeights.MATRICES)) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "weight that cannot be drawn anew",
                        where,
                        "matrices of blocks, such as [q_proj]",
                        name,
                        "take it out");
            }
            double spread = Math.sqrt(weight.to(DType.FLOAT32).square().mean().item());
            float[] drawn = RandomStream.named(seed, "fresh/" + name).normal(Math.toIntExact(weight.count()), spread);
            Tensor initial = Tensors.of(drawn, weight.shape());
            fresh.add(new ParameterBuffer.Entry(name, initial, BaseWeights.FROZEN));
        });
        return fresh;
    }

    /** @throws LizardException USAGE where one of them is left as it was drawn */
    static void requireTrained(Set<String> fresh, Set<String> trained, String where) {
        Set<String> left = new TreeSet<>(fresh);
        left.removeAll(trained);
        if (!left.isEmpty()) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "weight that is drawn anew and never learns",
                    where,
                    "weights that train.base of a stage names",
                    left.iterator().next(),
                    "name it there, or take it out");
        }
    }
}
