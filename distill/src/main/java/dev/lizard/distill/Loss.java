package dev.lizard.distill;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;
import java.util.ArrayList;
import java.util.List;

/**
 * What a stage minimises, as data: {@code loss: {type: next-token}}. Each kind has its own keys and no other.
 *
 * <p>Three places exist where a loss can be taken, and a sum has one: at single mixers, at single blocks, or along the
 * student's whole pass. At mixers and blocks each layer learns by itself from what the teacher gives it.
 */
public sealed interface Loss {
    /** Where it is taken. */
    enum Place {
        /** At each mixer, between the projections; nothing but the mixers' parameters can learn. */
        MIXER,
        /** At each block, from the residual stream before it. */
        BLOCK,
        /** Along the whole pass, from token ids. */
        PASS
    }

    /** Whose hidden states the layers see. */
    enum Input {
        TEACHER,
        STUDENT
    }

    /** Which tokens count. */
    enum Labels {
        ALL,
        /** Those that the corpus marks as learnt: answers and the assistant's turns. */
        RESPONSE
    }

    /**
     * Squared error of the per-head outputs before the output projection: the mean over heads, tokens and d, then over
     * layers.
     *
     * @param input whose hidden states the mixers see
     * @param relative divides each layer's error by the teacher's mean square, so that all layers weigh alike
     * @param scale factor; matters where gradients are clipped
     */
    record AttentionOutput(
            @Setting(byDefault = "teacher") Input input,
            @Setting(byDefault = "false") boolean relative,
            @Setting(byDefault = "1000", above = 0) double scale)
            implements Loss {}

    /**
     * Cross-entropy of the student's mixing matrix with the teacher's attention weights, a mean over rows, heads and
     * layers (Hedgehog). It holds matrices [B, H, T, T] of one layer.
     *
     * @param input whose hidden states the mixers see
     */
    record AttentionWeights(@Setting(byDefault = "teacher") Input input) implements Loss {}

    /**
     * Frobenius norm of the difference of the two mixing matrices, a mean over batch, heads and layers (MOHAWK, stage 1).
     * It holds matrices [B, H, T, T] of one layer.
     *
     * @param input whose hidden states the mixers see
     */
    record MixingMatrix(@Setting(byDefault = "teacher") Input input) implements Loss {}

    /**
     * Euclidean distance of the residual streams after each block, a mean over tokens and layers.
     *
     * @param input {@code teacher}: each block by itself on the teacher's stream (MOHAWK, stage 2); {@code student}: along
     *     the student's own pass
     */
    record HiddenState(@Setting(byDefault = "teacher") Input input) implements Loss {}

    /**
     * Cross-entropy of the next token, a mean over those that count.
     *
     * @param labels which tokens count
     */
    record NextToken(@Setting(byDefault = "all") Labels labels) implements Loss {}

    /**
     * KL(teacher || student) of the next token, a mean over the tokens that count (Hinton et al. 2015).
     *
     * @param temperature both distributions are softened by it, and the loss is multiplied by its square
     * @param topK only the teacher's likeliest tokens count, their probabilities made to sum to 1; 0 for all tokens
     * @param labels which tokens count
     */
    record Kl(
            @Setting(byDefault = "1", above = 0) double temperature,
            @Setting(byDefault = "0", min = 0) int topK,
            @Setting(byDefault = "all") Labels labels)
            implements Loss {}

    /**
     * Squared error of what mixers with slots expect of tokens, to the logarithm of the most attention that softmax over
     * all tokens pays them later: the mean over tokens and key/value heads, then over layers.
     *
     * @param input whose hidden states the mixers see, and whose attention it is
     */
    record Importance(@Setting(byDefault = "teacher") Input input) implements Loss {}

    /**
     * How far the matrices of a mixer's feature maps are from orthogonal: the sum over them of ‖W Wᵀ − I‖²_F, then the mean
     * over layers. A term beside another (trainable feedforward kernels).
     */
    record Orthogonality() implements Loss {}

    /** The weighted sum of others. */
    record Sum(List<Term> terms) implements Loss {
        public Sum {
            if (terms.isEmpty()) {
                throw new BadSetting("terms", "expected losses but found none; write [{weight: 1, loss: {type: ...}}]");
            }
            List<Loss> all = flat(terms).stream().map(Term::loss).toList();
            if (all.stream().map(Loss::place).distinct().count() > 1) {
                throw new BadSetting(
                        "terms",
                        "expected losses of one place (mixers, blocks or the whole pass) but found %s; make them stages"
                                .formatted(String.join(
                                        ", ", all.stream().map(Loss::name).toList())));
            }
            if (all.stream().filter(Loss::looks).map(Loss::input).distinct().count() > 1) {
                throw new BadSetting("terms", "expected one input but found teacher and student; choose one");
            }
            boolean everyNext = all.stream().anyMatch(loss -> loss instanceof NextToken && !loss.responses());
            if (everyNext && all.stream().anyMatch(Loss::responses)) {
                throw new BadSetting(
                        "terms", "expected labels of next-token as of kl but found all and response; write response");
            }
        }
    }

    /**
     * One of a sum.
     *
     * @param weight its factor
     */
    record Term(
            @Setting(byDefault = "1", above = 0) double weight,
            @Setting(meant = "type") Loss loss) {}

    /** Its parts, none of which is a sum. */
    default List<Term> parts() {
        return this instanceof Sum sum ? flat(sum.terms) : List.of(new Term(1, this));
    }

    private static List<Term> flat(List<Term> terms) {
        List<Term> all = new ArrayList<>();
        for (Term term : terms) {
            term.loss().parts().forEach(part -> all.add(new Term(term.weight() * part.weight(), part.loss())));
        }
        return all;
    }

    /** Whether any of its parts is of this kind. */
    default boolean has(Class<? extends Loss> kind) {
        return parts().stream().map(Term::loss).anyMatch(kind::isInstance);
    }

    /** The {@code type} that it has in a recipe. */
    default String name() {
        return switch (this) {
            case AttentionOutput _ -> "attention-output";
            case AttentionWeights _ -> "attention-weights";
            case MixingMatrix _ -> "mixing-matrix";
            case HiddenState _ -> "hidden-state";
            case Importance _ -> "importance";
            case Orthogonality _ -> "orthogonality";
            case NextToken _ -> "next-token";
            case Kl _ -> "kl";
            case Sum _ -> "sum";
        };
    }

    default Place place() {
        return switch (this) {
            case AttentionOutput _, AttentionWeights _, MixingMatrix _, Importance _, Orthogonality _ -> Place.MIXER;
            case HiddenState hidden -> hidden.input == Input.TEACHER ? Place.BLOCK : Place.PASS;
            case NextToken _, Kl _ -> Place.PASS;
            case Sum sum -> sum.terms.getFirst().loss().place();
        };
    }

    /** Whose hidden states the layers see. */
    default Input input() {
        return this instanceof Sum
                ? parts().stream()
                        .map(Term::loss)
                        .filter(Loss::looks)
                        .findFirst()
                        .map(Loss::input)
                        .orElse(Input.STUDENT)
                : Input.STUDENT;
    }

    /** Whether it is taken of hidden states, and not of parameters alone. */
    private boolean looks() {
        return !(this instanceof Orthogonality);
    }

    /** Whether only tokens that the corpus marks count. */
    default boolean responses() {
        return switch (this) {
            case NextToken next -> next.labels == Labels.RESPONSE;
            case Kl kl -> kl.labels == Labels.RESPONSE;
            case Sum sum -> sum.terms.stream().anyMatch(term -> term.loss().responses());
            case AttentionOutput _, AttentionWeights _, MixingMatrix _ -> false;
            case HiddenState _, Importance _, Orthogonality _ -> false;
        };
    }

    /** Whether what the teacher computes from token ids comes into it. */
    default boolean taught() {
        return place() == Place.MIXER ? input() == Input.TEACHER : has(Kl.class) || has(HiddenState.class);
    }
}
