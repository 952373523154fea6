package dev.lizard.tensor.kernel;

/**
 * How one row of logits is drawn from, in the order in which it acts: penalties, temperature, top-k, top-p, min-p.
 *
 * @param random state of the row's {@link dev.lizard.tensor.RandomStream}; a draw takes one number, a greedy one none
 * @param repetition divides logits above 0, multiplies others, of tokens read or drawn; 1 for none
 * @param presence subtracted from the logits of tokens drawn
 * @param frequency subtracted as often as they were drawn
 * @param temperature 0 for the largest logit
 * @param topK 0 for no limit
 * @param topP 1 for no limit
 * @param minP 0 for no limit
 */
public record DrawRow(
        long random,
        double repetition,
        double presence,
        double frequency,
        double temperature,
        int topK,
        double topP,
        double minP) {
    /** Of a row that nothing is drawn for. */
    public static final DrawRow EMPTY = new DrawRow(0, 1, 0, 0, 0, -1, 1, 0);

    /** Numbers of 8 bytes of a row, as in sample.cu. */
    static final int WORDS = 8;

    long[] words() {
        return new long[] {
            random,
            Double.doubleToRawLongBits(temperature),
            Double.doubleToRawLongBits(topP),
            Double.doubleToRawLongBits(minP),
            Double.doubleToRawLongBits(repetition),
            Double.doubleToRawLongBits(presence),
            Double.doubleToRawLongBits(frequency),
            topK
        };
    }
}
