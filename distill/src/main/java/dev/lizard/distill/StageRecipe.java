package dev.lizard.distill;

import dev.lizard.base.Setting;
import dev.lizard.model.LoraSpec;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One stage of a recipe.
 *
 * @param name its name in logs and checkpoints, once in a recipe
 * @param loss what is minimised
 * @param trains groups of new parameters that move: the mixer's ({@code maps}, {@code gate}, {@code mix}), {@code
 *     lora}, or {@code all} of the mixer's
 * @param input whose hidden states the layers see while outputs are matched
 * @param tokens budget; rounded up to whole steps
 * @param learningRate peak rate
 * @param groupRates factors on it by group, where not 1
 * @param betas of AdamW
 * @param epsilon of AdamW
 * @param weightDecay of AdamW
 * @param clip limit of the gradient's norm
 * @param schedule the rate over the steps
 * @param lossScale factor on the squared error; matters where gradients are clipped
 * @param teacherKl weight of KL(teacher || student) beside the next-token loss; 0 for none
 * @param lora low-rank updates, if the stage trains them
 * @param labels which tokens a next-token loss counts
 * @param recompute computes layers once more on the way back of a next-token loss: slower, but memory hardly grows with
 *     depth
 * @param checkpointEvery steps between checkpoints; 0 for the end only
 * @param measureEvery steps between held-out measurements; 0 for the end only
 */
public record StageRecipe(
        String name,
        Loss loss,
        List<String> trains,
        @Setting(byDefault = "teacher") Input input,
        @Setting(min = 1) long tokens,
        @Setting(min = 0) double learningRate,
        @Setting(byDefault = "{}", min = 0) Map<String, Double> groupRates,

        @Setting(byDefault = "[0.9, 0.99]", min = 0, max = 1)
        List<Double> betas,

        @Setting(byDefault = "1e-8", min = 0) double epsilon,
        @Setting(byDefault = "0", min = 0) double weightDecay,
        @Setting(byDefault = "1.0", min = 0) double clip,
        Schedule schedule,
        @Setting(byDefault = "1000", min = 0) double lossScale,
        @Setting(byDefault = "0", min = 0) double teacherKl,
        @Nullable LoraSpec lora,
        @Setting(byDefault = "all") Labels labels,
        @Setting(byDefault = "false") boolean recompute,
        @Setting(byDefault = "100", min = 0) long checkpointEvery,
        @Setting(byDefault = "0", min = 0) long measureEvery) {
    /** The group of low-rank updates. */
    static final String LORA = "lora";
    /** Every group of the mixer. */
    static final String ALL = "all";

    /** What a stage minimises. */
    public enum Loss {
        /** Squared error of each layer's per-head outputs before the output projection. */
        ATTENTION_MSE,
        /** Cross-entropy of the next token. */
        NEXT_TOKEN
    }

    /** Whose hidden states the layers see. */
    public enum Input {
        TEACHER,
        STUDENT
    }

    /** Which tokens count. */
    public enum Labels {
        ALL,
        /** Those that the corpus marks as learnt: answers and the assistant's turns. */
        RESPONSE
    }

    public StageRecipe {
        if (betas.size() != 2) {
            throw new IllegalArgumentException("betas must be two numbers, found " + betas);
        }
        if (trains.isEmpty()) {
            throw new IllegalArgumentException("trains is empty: name the groups that the stage trains");
        }
        if (trains.contains(LORA) && lora == null) {
            throw new IllegalArgumentException("trains names lora: add a lora section with rank, alpha and targets");
        }
        if (loss == Loss.ATTENTION_MSE && trains.contains(LORA)) {
            throw new IllegalArgumentException("attention-mse cannot train lora: it sees the teacher's projections");
        }
        if (loss == Loss.ATTENTION_MSE && teacherKl > 0) {
            throw new IllegalArgumentException("teacher_kl belongs to next-token stages");
        }
    }

    /** Updates for the budget, with so many tokens each. */
    public long steps(long tokensPerStep) {
        return Math.max(1, Math.ceilDiv(tokens, tokensPerStep));
    }
}
