package dev.lizard.eval.recall;

import dev.lizard.tensor.RandomStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Multi-query associative recall (Arora et al. 2023, arXiv 2312.04927): n pairs of a key and a value, then each key once
 * more, where its value is asked.
 *
 * <pre>
 *   k_1 v_1 ... k_n v_n | 0 0 k_3 0 k_1 0 0 0 ...     label at k_i: v_i
 *   keys of [1, V/2), values of [V/2, V), none twice in a sequence
 *   k_i stands at 2n + 2 g_i, the g_i different, P(g) ~ (g + 1)^(a - 1)
 * </pre>
 *
 * <p>With a = 0.01, as in the paper, most keys return soon; a = 1 spreads them evenly.
 *
 * @param vocabulary V, even
 * @param length T, even, 4n at least
 * @param pairs n, 1 or more and below V/2
 * @param power a
 * @param filler whether random tokens stand where nothing is asked, instead of zeros; with a small vocabulary they often
 *     repeat a key with another value behind it
 */
public record Mqar(int vocabulary, int length, int pairs, double power, boolean filler) implements TokenRecall {
    /** The vocabulary of the literature's runs. */
    public static final int VOCABULARY = 8192;

    /** The power of the literature's runs. */
    public static final double POWER = 0.01;

    public Mqar {
        if (vocabulary % 2 != 0 || length % 2 != 0 || pairs < 1 || 4 * pairs > length || pairs >= vocabulary / 2) {
            throw new IllegalArgumentException(
                    "%d pairs need an even length of at least four a pair and an even vocabulary of more than two a pair,"
                                    .formatted(pairs)
                            + " not %d and %d".formatted(length, vocabulary));
        }
    }

    /** With the literature's vocabulary, power and filler. */
    public Mqar(int length, int pairs) {
        this(VOCABULARY, length, pairs, POWER, true);
    }

    /** A part of a mixture: so many sequences of a kind. */
    public record Part(Mqar task, int examples) {}

    /** What the figure of Based (arXiv 2402.18668) was trained on. */
    public static List<Part> trainingMixture() {
        return List.of(
                new Part(new Mqar(64, 4), 100_000),
                new Part(new Mqar(128, 8), 20_000),
                new Part(new Mqar(256, 16), 20_000),
                new Part(new Mqar(256, 32), 20_000),
                new Part(new Mqar(256, 64), 20_000));
    }

    /** What it was tested on. */
    public static List<Part> testMixture() {
        return List.of(
                new Part(new Mqar(64, 4), 1_000),
                new Part(new Mqar(64, 8), 1_000),
                new Part(new Mqar(64, 16), 1_000),
                new Part(new Mqar(128, 32), 1_000),
                new Part(new Mqar(256, 64), 1_000),
                new Part(new Mqar(512, 128), 1_000),
                new Part(new Mqar(1024, 256), 1_000));
    }

    @Override
    public String name() {
        return "mqar";
    }

    @Override
    public int questions() {
        return pairs;
    }

    @Override
    public void fill(int[] ids, int[] labels, RandomStream random) {
        int half = vocabulary / 2;
        int[] keys = Draws.distinct(1, half, pairs, random);
        int[] values = Draws.distinct(half, vocabulary, pairs, random);
        int[] gaps = gaps(random);
        boolean[] used = new boolean[length];
        Arrays.fill(used, 0, 2 * pairs, true);
        for (int i = 0; i < pairs; i++) {
            ids[2 * i] = keys[i];
            ids[2 * i + 1] = values[i];
            int at = 2 * pairs + 2 * gaps[i];
            ids[at] = keys[i];
            labels[at] = values[i];
            used[at] = true;
        }
        for (int t = 0; filler && t < length; t++) {
            if (!used[t]) {
                ids[t] = random.nextInt(vocabulary);
            }
        }
    }

    /**
     * Drawn one after the other without replacement. The first of clocks that ring at rates p_g is g with probability
     * p_g, and clocks do not remember: their order is that of the draws.
     */
    private int[] gaps(RandomStream random) {
        double[] rings = new double[length / 2 - pairs];
        for (int g = 0; g < rings.length; g++) {
            rings[g] = -Math.log(1 - random.nextDouble()) / Math.pow(g + 1.0, power - 1);
        }
        return IntStream.range(0, rings.length)
                .boxed()
                .sorted(Comparator.comparingDouble(g -> rings[g]))
                .limit(pairs)
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
