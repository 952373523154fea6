package dev.lizard.eval.task;

import java.util.List;

/**
 * What values are summed up to, such as {@code acc} or {@code perplexity}.
 *
 * @param name also the key of the items' values
 */
public record Measure(String name, Summary summary, boolean higherIsBetter) {
    public static final Measure ACCURACY = new Measure("acc", Summary.MEAN, true);

    /** How sums and weights become one number. */
    public enum Summary {
        /** Σ sum / Σ weight. */
        MEAN {
            @Override
            double of(double ratio) {
                return ratio;
            }
        },
        /** exp(−Σ sum / Σ weight), for log-likelihoods over tokens, words or bytes. */
        PERPLEXITY {
            @Override
            double of(double ratio) {
                return Math.exp(-ratio);
            }
        },
        /** −Σ sum / Σ weight / ln 2. */
        BITS {
            @Override
            double of(double ratio) {
                return -ratio / Math.log(2);
            }
        };

        abstract double of(double ratio);
    }

    /** Of at least one value. */
    public double of(List<Item.Value> values) {
        double sum = values.stream().mapToDouble(Item.Value::sum).sum();
        double weight = values.stream().mapToDouble(Item.Value::weight).sum();
        return of(sum, weight);
    }

    /** Of sums over items. */
    public double of(double sum, double weight) {
        return summary.of(sum / weight);
    }
}
