package dev.lizard.distill;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;
import dev.lizard.text.synthetic.SyntheticMix;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a small teacher is trained from scratch: architecture, optimiser and data mix.
 *
 * @param model keys of a Hugging Face {@code config.json}; {@code vocab_size} may be left out
 * @param tokenizer folder of an existing tokenizer; without it, bytes
 * @param specials special tokens of the byte tokenizer, the first ends a text
 * @param sequenceLength T
 * @param batch B, sequences of one pass
 * @param accumulate passes for one update
 * @param steps number of updates
 * @param learningRate peak rate
 * @param betas of AdamW
 * @param epsilon of AdamW
 * @param weightDecay on matrices; vectors have none
 * @param clip limit of the gradient's norm; 0 for none
 * @param schedule the rate over the steps
 * @param seed of everything random
 * @param checkpointEvery steps between checkpoints
 * @param measureEvery steps between held-out measurements; 0 for the end only
 * @param heldOut share of the corpus that is not trained on but measured
 * @param corpusWeight weight of the corpus in the mix
 * @param synthetic texts made by rule, beside the corpus or in place of it
 */
public record PretrainConfig(
        @Setting(meant = "model_type") ObjectNode model,
        @Nullable String tokenizer,
        @Setting(byDefault = "[<|endoftext|>]") List<String> specials,

        @Setting(byDefault = "512", min = 1, max = Recipe.MOST_TOKENS)
        int sequenceLength,

        @Setting(byDefault = "16", min = 1, max = Recipe.MOST_SEQUENCES)
        int batch,

        @Setting(byDefault = "1", min = 1, max = Recipe.MOST_SEQUENCES)
        int accumulate,

        @Setting(min = 1, max = Recipe.MOST_BUDGET) long steps,
        @Setting(byDefault = "3e-3", above = 0) double learningRate,

        @Setting(byDefault = "[0.9, 0.95]", min = 0, below = 1)
        List<Double> betas,

        @Setting(byDefault = "1e-8", above = 0) double epsilon,
        @Setting(byDefault = "0.1", min = 0) double weightDecay,
        @Setting(byDefault = "1.0", min = 0) double clip,
        Schedule schedule,
        @Setting(byDefault = "0") long seed,
        @Setting(byDefault = "500", min = 0) long checkpointEvery,
        @Setting(byDefault = "0", min = 0) long measureEvery,

        @Setting(byDefault = "" + HELD_OUT, min = 0, max = 0.5)
        double heldOut,

        @Setting(byDefault = "1.0", min = 0) double corpusWeight,
        @Nullable Synthetic synthetic) {
    static final double HELD_OUT = 0.01;
    private static final List<String> SPECIALS = List.of("<|endoftext|>");

    /**
     * Texts made by rule; byte tokenizers only.
     *
     * @param weight of all of them in the mix
     * @param answersOnly whether, in recall tasks, only the answers count in the loss
     * @param stories weight of stories among them
     * @param passkey weight of pass keys hidden in stories
     * @param keyValues weight of lists of keys and values
     * @param copying weight of lines that are said twice
     * @param digits of a pass key
     * @param mostPairs longest list
     * @param questions most that are asked of a list
     */
    public record Synthetic(
            @Setting(byDefault = "1.0", above = 0) double weight,
            @Setting(byDefault = "false") boolean answersOnly,
            @Setting(byDefault = "0.5", min = 0) double stories,
            @Setting(byDefault = "0.25", min = 0) double passkey,
            @Setting(byDefault = "0.25", min = 0) double keyValues,
            @Setting(byDefault = "0", min = 0) double copying,

            @Setting(byDefault = "" + DIGITS, min = 1, max = 1000)
            int digits,

            @Setting(byDefault = "" + PAIRS, min = 1, max = 1000)
            int mostPairs,

            @Setting(byDefault = "" + QUESTIONS, min = 1, max = 1000)
            int questions) {
        private static final int DIGITS = 5;
        private static final int PAIRS = 48;
        private static final int QUESTIONS = 4;

        public Synthetic {
            if (stories == 0 && passkey == 0 && keyValues == 0 && copying == 0) {
                throw new BadSetting("stories", "every kind of text has weight 0; give one a weight above 0");
            }
            requireEffect("digits", digits != DIGITS, "passkey", passkey);
            requireEffect("most_pairs", mostPairs != PAIRS, "key_values", keyValues);
            requireEffect("questions", questions != QUESTIONS, "key_values", keyValues);
            requireEffect(
                    "answers_only", answersOnly, "passkey, key_values and copying", passkey + keyValues + copying);
        }

        private static void requireEffect(String key, boolean changed, String kind, double weight) {
            if (changed && weight == 0) {
                throw new BadSetting(
                        key, "it has no effect, for the weight of %s is 0; take it out, or raise that".formatted(kind));
            }
        }

        SyntheticMix mix() {
            return new SyntheticMix(stories, passkey, keyValues, copying, digits, mostPairs, questions);
        }
    }

    public PretrainConfig {
        if (tokenizer != null && !specials.equals(SPECIALS)) {
            throw new BadSetting("specials", "they belong to the byte tokenizer; take them or tokenizer out");
        }
        if (tokenizer != null && synthetic != null) {
            throw new BadSetting("synthetic", "its texts need the byte tokenizer; take it or tokenizer out");
        }
        Keys.requireBetas(betas);
        schedule.requireEffect("schedule");
        Keys.requireFew(batch, accumulate);
        Keys.requireDecay(learningRate, weightDecay);
    }
}
