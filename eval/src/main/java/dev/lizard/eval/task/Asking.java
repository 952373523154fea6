package dev.lizard.eval.task;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Nearest;
import dev.lizard.base.Setting;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a task file asks of each item; {@code type} in YAML is the record's name. */
sealed interface Asking {
    /** Names of measures, as lm-evaluation-harness has them. */
    List<String> metrics();

    /**
     * Which of some choices is the likeliest.
     *
     * @param prompt may speak of the choice, its letter or its index by these names: then each choice has its own
     * @param choices templates; or none, where {@code from} names a field that is a list
     * @param continuation what follows the prompt and the delimiter
     * @param gold which choice is right
     * @param goldIs what {@code gold} is
     * @param metrics {@code acc}, {@code acc_norm} and, where options are rotated, {@code acc_all}
     * @param normalise what {@code acc_norm} divides a likelihood by
     * @param rotate a field with the options in the order in which the prompt shows them: each item is asked once for
     *     each of the orders that turning it round gives
     */
    record Choice(
            String prompt,
            @Setting(byDefault = "[]") List<String> choices,
            @Nullable String from,
            @Setting(byDefault = "\" \"") String delimiter,
            @Setting(byDefault = "\"{{ choice }}\"") String continuation,
            String gold,
            @Setting(byDefault = "index") GoldIs goldIs,
            @Setting(byDefault = "[acc]") List<String> metrics,
            @Setting(byDefault = "characters") Per normalise,
            @Nullable String rotate)
            implements Asking {
        /** What the gold answer is told by. */
        enum GoldIs {
            /** From 0. */
            INDEX,
            /** From A. */
            LETTER,
            /** The choice itself. */
            TEXT
        }

        /** What a likelihood is divided by. */
        enum Per {
            CHARACTERS,
            BYTES,
            TOKENS
        }

        public Choice {
            Phrase.check("prompt", prompt);
            Phrase.check("continuation", continuation);
            Phrase.check("gold", gold);
            for (int i = 0; i < choices.size(); i++) {
                Phrase.check("choices." + i, choices.get(i));
            }
            if (choices.isEmpty() == (from == null) || choices.size() == 1) {
                throw new BadSetting(
                        "choices",
                        "expected two or more, or the field that holds them under 'from', but found %s; give one of both"
                                .formatted(choices.isEmpty() ? "neither" : choices.size() == 1 ? "one" : "both"));
            }
            if (rotate != null && choices.isEmpty()) {
                throw new BadSetting(
                        "rotate", "expected letters under 'choices' beside it but found 'from'; take it out");
            }
            checkMetrics(metrics, rotate == null ? List.of("acc", "acc_norm") : List.of("acc", "acc_norm", "acc_all"));
        }
    }

    /**
     * How likely a text is after the prompt.
     *
     * @param continuation the text, after the delimiter
     * @param metrics {@code acc}: whether greedy writing gives it; {@code perplexity}: of an item, not of a token
     */
    record Continuation(
            String prompt,
            @Setting(byDefault = "\" \"") String delimiter,
            String continuation,
            @Setting(byDefault = "[acc, perplexity]") List<String> metrics)
            implements Asking {
        public Continuation {
            Phrase.check("prompt", prompt);
            Phrase.check("continuation", continuation);
            checkMetrics(metrics, List.of("acc", "perplexity"));
        }
    }

    /**
     * How likely whole texts are, in windows that do not overlap; what is left at a text's end is left out unless it is
     * all there is.
     *
     * @param field of a line of JSON that is the text; without it the file itself is one
     * @param window tokens of a window, of which all but the first are foretold
     * @param tokens how many tokens are used, the first; 0 for all
     */
    record Text(
            @Nullable String field,
            @Setting(min = 2) int window,
            @Setting(byDefault = "0", min = 0) int tokens,

            @Setting(byDefault = "[perplexity, word_perplexity, byte_perplexity, bits_per_byte]")
            List<String> metrics)
            implements Asking {
        static final List<String> METRICS =
                List.of("perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte");

        public Text {
            checkMetrics(metrics, METRICS);
        }
    }

    /**
     * What the model writes after the prompt. Either {@code target} or {@code answers} tells what is right.
     *
     * @param delimiter between prompt and answer in an example
     * @param target the right answer
     * @param answers a field with the right answers: a text, a list of texts, or a list of lists of one's parts
     * @param stops texts before which the model ends
     * @param tokens that it writes at most
     * @param scores how the written is compared with the right
     */
    record Written(
            String prompt,
            @Setting(byDefault = "\" \"") String delimiter,
            @Nullable String target,
            @Nullable String answers,
            @Setting(byDefault = "[]") List<String> stops,
            @Setting(min = 1) int tokens,
            List<ScoreFile> scores)
            implements Asking {
        public Written {
            Phrase.check("prompt", prompt);
            Phrase.check("target", target);
            if ((target == null) == (answers == null)) {
                throw new BadSetting(
                        "target",
                        "expected one of 'target' and 'answers' but found %s; give one"
                                .formatted(target == null ? "neither" : "both"));
            }
            if (stops.contains("")) {
                throw new BadSetting("stops", "expected texts but found an empty one; take it out");
            }
            List<String> names = scores.stream().map(ScoreFile::name).toList();
            if (names.isEmpty() || new HashSet<>(names).size() < names.size()) {
                throw new BadSetting(
                        "scores",
                        "expected one or more, each with a name of its own, but found [%s]; correct the names"
                                .formatted(String.join(", ", names)));
            }
        }

        @Override
        public List<String> metrics() {
            return scores.stream().map(ScoreFile::name).toList();
        }
    }

    private static void checkMetrics(List<String> metrics, List<String> known) {
        for (String metric : metrics) {
            if (!known.contains(metric)) {
                throw new BadSetting(
                        "metrics",
                        "expected some of %s but found '%s'; %s"
                                .formatted(String.join(", ", known), metric, Nearest.hint(metric, known)));
            }
        }
        if (metrics.isEmpty()) {
            throw new BadSetting("metrics", "expected some of %s but found none".formatted(String.join(", ", known)));
        }
    }
}
