package dev.lizard.eval.task.written;

import java.util.List;

/**
 * A number from 0 to 1 for what was written.
 *
 * @param cleaning of the extracted answer and of the right ones
 */
public record WrittenMetric(Extraction extraction, Cleaning cleaning, Comparison comparison) {
    /**
     * The best over the right answers.
     *
     * @param right each of one or more spans
     */
    public double of(String written, List<List<String>> right) {
        List<List<String>> cleaned = right.stream()
                .map(spans -> spans.stream().map(cleaning::of).toList())
                .toList();
        return comparison.best(cleaning.of(extraction.of(written)), cleaned);
    }
}
