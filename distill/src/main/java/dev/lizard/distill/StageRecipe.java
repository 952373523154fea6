package dev.lizard.distill;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One stage of a recipe.
 *
 * @param name its name in logs and checkpoints, once in a recipe
 * @param loss what is minimised
 * @param train what moves
 * @param teacher another model to learn from than the one that is linearized: a folder, a GGUF file or a name
 * @param tokens budget; rounded up to whole steps
 * @param learningRate peak rate
 * @param groups rate and decay of single groups, where not the stage's
 * @param betas of AdamW
 * @param epsilon of AdamW
 * @param weightDecay of AdamW
 * @param clip limit of the gradient's norm; 0 for none
 * @param schedule the rate over the steps
 * @param randomSlots least and most slots of mixers that have some, drawn anew for each step, evenly in the logarithm;
 *     none for as many as the mixer has
 * @param recompute computes layers once more on the way back of a whole pass: slower, but memory hardly grows with depth
 * @param checkpointEvery steps between checkpoints; 0 for the end only
 * @param measureEvery steps between held-out measurements; 0 for the end only
 */
public record StageRecipe(
        String name,
        @Setting(meant = "type") Loss loss,
        @Setting(meant = "mixer") Trained train,
        @Nullable String teacher,
        @Setting(min = 1, max = Recipe.MOST_BUDGET) long tokens,
        @Setting(above = 0) double learningRate,
        @Setting(byDefault = "{}") Map<String, Group> groups,

        @Setting(byDefault = "[0.9, 0.99]", min = 0, below = 1)
        List<Double> betas,

        @Setting(byDefault = "1e-8", above = 0) double epsilon,
        @Setting(byDefault = "0", min = 0) double weightDecay,
        @Setting(byDefault = "1.0", min = 0) double clip,
        Schedule schedule,
        @Setting(byDefault = "[]", min = 1, max = 1 << 16) List<Integer> randomSlots,
        @Setting(byDefault = "false") boolean recompute,
        @Setting(byDefault = "100", min = 0) long checkpointEvery,
        @Setting(byDefault = "0", min = 0) long measureEvery) {
    /**
     * A group of parameters.
     *
     * @param rate factor on the learning rate
     * @param weightDecay of AdamW, where not the stage's
     */
    public record Group(
            @Setting(byDefault = "1", min = 0) double rate,
            @Setting(min = 0) @Nullable Double weightDecay) {}

    public StageRecipe {
        if (name.isBlank()) {
            throw new BadSetting("name", "expected a name but found nothing; name the stage");
        }
        Keys.requireBetas(betas);
        schedule.requireEffect("schedule");
        boolean alone = loss.place() == Loss.Place.MIXER;
        if (alone && (train.lora() != null || !train.patterns().isEmpty())) {
            throw new BadSetting(
                    "train." + (train.lora() != null ? "lora" : "base"),
                    "%s sees the teacher's projections and trains mixers only; take it out".formatted(loss.name()));
        }
        if (recompute && loss.place() != Loss.Place.PASS) {
            throw new BadSetting(
                    "recompute",
                    "%s holds one layer's graph at a time, so it has no effect; take it out".formatted(loss.name()));
        }
        if (!randomSlots.isEmpty() && (randomSlots.size() != 2 || randomSlots.get(0) > randomSlots.get(1))) {
            throw new BadSetting("random_slots", "expected the least and the most but found %s".formatted(randomSlots));
        }
        if (teacher != null && !loss.taught()) {
            throw new BadSetting("teacher", "%s asks no teacher; take it out".formatted(loss.name()));
        }
        for (Map.Entry<String, Group> group : groups.entrySet()) {
            if (!train.moves(group.getKey())) {
                throw new BadSetting(
                        "groups." + group.getKey(),
                        "train does not name %s; add it there, or take this out".formatted(group.getKey()));
            }
            requireDecay(learningRate, group.getValue(), weightDecay, "groups." + group.getKey() + ".");
        }
        requireDecay(learningRate, new Group(1, null), weightDecay, "");
    }

    private static void requireDecay(double rate, Group group, double decay, String where) {
        Double own = group.weightDecay();
        Keys.requireDecay(rate * group.rate(), own == null ? decay : own, own == null ? "" : where);
    }

    /** Rate and decay of a group. The model's own matrices speak for its embedding, and for its vectors but for decay. */
    Group group(String group) {
        Group own = groups.get(group);
        if (own != null || !BaseWeights.isGroup(group)) {
            return own == null ? new Group(1, null) : own;
        }
        Group matrices = groups.getOrDefault(BaseWeights.MATRICES, new Group(1, null));
        return group.equals(BaseWeights.VECTORS) ? new Group(matrices.rate(), 0.0) : matrices;
    }

    /** Updates for the budget, with so many tokens each. */
    public long steps(long tokensPerStep) {
        return Math.max(1, Math.ceilDiv(tokens, tokensPerStep));
    }
}
