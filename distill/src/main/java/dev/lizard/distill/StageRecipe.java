package dev.lizard.distill;

import dev.lizard.base.BadSetting;
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
 * @param clip limit of the gradient's norm; 0 for none
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
        @Setting(min = 1, max = Recipe.MOST_BUDGET) long tokens,
        @Setting(above = 0) double learningRate,
        @Setting(byDefault = "{}", min = 0) Map<String, Double> groupRates,

        @Setting(byDefault = "[0.9, 0.99]", min = 0, below = 1)
        List<Double> betas,

        @Setting(byDefault = "1e-8", above = 0) double epsilon,
        @Setting(byDefault = "0", min = 0) double weightDecay,
        @Setting(byDefault = "1.0", min = 0) double clip,
        Schedule schedule,
        @Setting(byDefault = LOSS_SCALE, above = 0) double lossScale,
        @Setting(byDefault = "0", min = 0) double teacherKl,
        @Nullable LoraSpec lora,
        @Setting(byDefault = "all") Labels labels,
        @Setting(byDefault = "false") boolean recompute,
        @Setting(byDefault = "100", min = 0) long checkpointEvery,
        @Setting(byDefault = "0", min = 0) long measureEvery) {
    private static final String LOSS_SCALE = "1000";

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
        if (name.isBlank()) {
            throw new BadSetting("name", "expected a name but found nothing; name the stage");
        }
        if (trains.isEmpty()) {
            throw new BadSetting("trains", "trains is empty: name the groups that the stage trains");
        }
        Keys.requireBetas(betas);
        Keys.requireLossReads(loss, Loss.ATTENTION_MSE, "input", input != Input.TEACHER);
        Keys.requireLossReads(loss, Loss.ATTENTION_MSE, "loss_scale", lossScale != Double.parseDouble(LOSS_SCALE));
        Keys.requireLossReads(loss, Loss.NEXT_TOKEN, "teacher_kl", teacherKl != 0);
        Keys.requireLossReads(loss, Loss.NEXT_TOKEN, "labels", labels != Labels.ALL);
        Keys.requireLossReads(loss, Loss.NEXT_TOKEN, "recompute", recompute);
        if (loss == Loss.ATTENTION_MSE && trains.contains(LORA)) {
            throw new BadSetting("trains", "attention-mse cannot train lora: it sees the teacher's projections");
        }
        Keys.requireLossReads(loss, Loss.NEXT_TOKEN, "lora", lora != null);
        if (trains.contains(LORA) && lora == null) {
            throw new BadSetting("trains", "lora is named: add a lora section with rank, alpha and targets");
        }
        if (lora != null && !trains.contains(LORA)) {
            throw new BadSetting(
                    "lora", "trains does not name lora; add it there, or take the section out (lora=null)");
        }
        for (String group : groupRates.keySet()) {
            if (!trains.contains(group) && (!trains.contains(ALL) || group.equals(LORA) || group.equals(ALL))) {
                throw new BadSetting(
                        "group_rates." + group,
                        "trains does not name %s; add it there, or take the rate out".formatted(group));
            }
        }
        if (groupRates.containsKey(ALL)) {
            throw new BadSetting("group_rates." + ALL, "expected a single group; change learning_rate for all");
        }
        double most =
                groupRates.values().stream().mapToDouble(rate -> rate).max().orElse(1);
        Keys.requireDecay(learningRate * Math.max(1, most), weightDecay);
    }

    /** Updates for the budget, with so many tokens each. */
    public long steps(long tokensPerStep) {
        return Math.max(1, Math.ceilDiv(tokens, tokensPerStep));
    }
}
