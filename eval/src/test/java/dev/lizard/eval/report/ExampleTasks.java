package dev.lizard.eval.report;

import dev.lizard.eval.result.ChoiceShare;
import dev.lizard.eval.result.Comparison;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.TaskEffort;
import dev.lizard.eval.result.TaskScore;
import dev.lizard.eval.result.TraitScore;
import java.util.List;
import java.util.Map;

/** Invented scores of tasks. */
final class ExampleTasks {
    private ExampleTasks() {}

    static void add(Findings found) {
        for (String model : List.of("teacher", "student", "window only")) {
            double loss = model.equals("teacher") ? 0 : model.equals("student") ? 0.01 : 0.06;
            found.tasks.add(new TaskScore(model, "piqa", "acc", 0.6812 - loss, 0.0109, 1_838));
            found.tasks.add(new TaskScore(model, "hellaswag", "acc_norm", 0.4310 - loss, 0.0049, 10_042));
            found.tasks.add(new TaskScore(model, "lambada_openai", "acc", 0.5210 - 6 * loss, 0.0070, 5_153));
            found.tasks.add(new TaskScore(model, "lambada_openai", "perplexity", 12.4 + 90 * loss, 0.4, 5_153));
            found.tasks.add(new TaskScore(model, "commonsense_qa", "acc", 0.31 - 3 * loss, 0.013, 1_221));
            found.efforts.add(new TaskEffort(model, "hellaswag", 10_042, 3, 1_204_000, 61.5));
            for (String subject : List.of("abstract_algebra", "high_school_european_history")) {
                found.traits.add(
                        new TraitScore(model, "mmlu", "acc", Map.of("subject", subject), 0.29 - loss, 0.045, 100));
            }
            for (String letter : List.of("A", "B", "C", "D", "E")) {
                boolean first = letter.equals("A");
                double picked = model.equals("student") ? (first ? 0.81 : 0.0475) : 0.2 + (first ? 0.04 : -0.01);
                found.choices.add(new ChoiceShare(model, "commonsense_qa", letter, picked, 0.2, 1_221));
            }
        }
        found.comparisons.add(new Comparison("piqa", "acc", "student", "teacher", -0.01, -0.021, 0.001, true, 1_838));
        found.comparisons.add(
                new Comparison("hellaswag", "acc_norm", "student", "teacher", -0.01, -0.014, -0.006, true, 10_042));
    }
}
