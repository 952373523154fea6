package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.kernel.DrawRow;
import dev.lizard.tensor.kernel.DrawTwin;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final int VOCABULARY = 300;
    private static final BitSet NONE = new BitSet();
    private final long seed = Long.getLong("lizard.test.seed", 20261122);
    private final RandomStream random = new RandomStream(seed);

    private float[] logits() {
        return random.normal(VOCABULARY, 1 + 4 * random.nextDouble());
    }

    private static SamplerSettings settings(double temperature) {
        return SamplerSettings.ofTemperature(temperature, 7);
    }

    private static double[] probabilities(SamplerSettings settings, float[] logits) {
        return new Sampler(settings, logits.length).probabilities(logits, NONE);
    }

    private static double[] softmax(float[] logits, double temperature) {
        double[] p = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(logits[i] / temperature);
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** The definition, by a full sort: top-k, then top-p of what is left, then min-p. */
    private static double[] twin(SamplerSettings settings, float[] logits) {
        double[] p = softmax(logits, settings.temperature());
        List<Integer> kept = new ArrayList<>(IntStream.range(0, p.length)
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> -p[i]).thenComparing(i -> i))
                .toList());
        if (settings.topK() > 0 && settings.topK() < kept.size()) {
            kept = kept.subList(0, settings.topK());
        }
        double mass = kept.stream().mapToDouble(i -> p[i]).sum();
        double held = 0;
        int nucleus = 0;
        while (nucleus < kept.size() && held < settings.topP() * mass) {
            held += p[kept.get(nucleus++)];
        }
        double least = settings.minP() * p[kept.getFirst()];
        List<Integer> last = kept.subList(0, settings.topP() < 1 ? nucleus : kept.size()).stream()
                .filter(i -> p[i] >= least)
                .toList();
        double total = last.stream().mapToDouble(i -> p[i]).sum();
        double[] result = new double[p.length];
        last.forEach(i -> result[i] = p[i] / total);
        return result;
    }

    @Test
    void everyCombinationOfFiltersEqualsTheDefinition() {
        for (int topK : new int[] {0, 1, 2, 17, VOCABULARY, 10 * VOCABULARY}) {
            for (double topP : new double[] {0.01, 0.5, 0.93, 1}) {
                for (double minP : new double[] {0, 0.02, 0.3, 1}) {
                    for (double temperature : new double[] {0.3, 1, 2.5}) {
                        SamplerSettings settings = settings(temperature)
                                .withTopK(topK)
                                .withTopP(topP)
                                .withMinP(minP);
                        float[] logits = logits();
                        double[] expected = twin(settings, logits);
                        double[] found = probabilities(settings, logits);
                        for (int i = 0; i < expected.length; i++) {
                            assertThat(found[i])
                                    .as("%s id %d seed %d", settings, i, seed)
                                    .isCloseTo(expected[i], within(1e-12));
                        }
                    }
                }
            }
        }
    }

    @Test
    void probabilitiesSumToOne() {
        for (int i = 0; i < 200; i++) {
            SamplerSettings settings = settings(0.1 + 3 * random.nextDouble())
                    .withTopK(random.nextInt(50))
                    .withTopP(1 - random.nextDouble())
                    .withMinP(random.nextDouble() / 2);
            double sum = 0;
            for (double p : probabilities(settings, logits())) {
                sum += p;
            }
            assertThat(sum).as("%s seed %d", settings, seed).isCloseTo(1, within(1e-12));
        }
    }

    @Test
    void topOneAndTinyTopPAreGreedy() {
        Sampler greedy = new Sampler(SamplerSettings.GREEDY, VOCABULARY);
        Sampler topOne = new Sampler(settings(1.7).withTopK(1), VOCABULARY);
        Sampler tinyShare = new Sampler(settings(1).withTopP(1e-9), VOCABULARY);
        for (int i = 0; i < 100; i++) {
            float[] logits = logits();
            int best = greedy.next(logits, NONE);
            assertThat(topOne.next(logits, NONE)).isEqualTo(best);
            assertThat(tinyShare.next(logits, NONE)).isEqualTo(best);
        }
    }

    @Test
    void lowerIdsComeFirstAmongEquals() {
        float[] flat = new float[8];
        assertThat(new Sampler(SamplerSettings.GREEDY, 8).next(flat, NONE)).isZero();
        assertThat(probabilities(settings(1).withTopK(2), flat)).containsExactly(0.5, 0.5, 0, 0, 0, 0, 0, 0);
        assertThat(probabilities(settings(1).withTopP(0.5), flat)).containsExactly(0.25, 0.25, 0.25, 0.25, 0, 0, 0, 0);
    }

    @Test
    void thePenaltyComesBeforeEverythingElse() {
        float[] logits = {2, 1.5f, -1, -3};
        BitSet seen = BitSet.valueOf(new long[] {0b0101}); // 0 and 2
        SamplerSettings settings = settings(0.5).withRepetitionPenalty(2);
        double[] expected = softmax(new float[] {1, 1.5f, -2, -3}, 0.5);
        double[] found = new Sampler(settings, 4).probabilities(logits, seen);
        for (int i = 0; i < 4; i++) {
            assertThat(found[i]).isCloseTo(expected[i], within(1e-12));
        }
        Sampler greedy = new Sampler(SamplerSettings.GREEDY.withRepetitionPenalty(2), 4);
        assertThat(greedy.next(logits, NONE)).isZero();
        assertThat(greedy.next(logits, seen)).isEqualTo(1);
        assertThat(logits).containsExactly(2, 1.5f, -1, -3);
    }

    @Test
    void tokensDrawnBeforeBecomeLessLikely() {
        float[] logits = {2, 1.5f, -1, 1};
        Sampler greedy =
                new Sampler(SamplerSettings.GREEDY.withPresencePenalty(0.25).withFrequencyPenalty(0.5), 4);
        assertThat(greedy.next(logits, NONE)).isEqualTo(0); // then 1.25, 1.5
        assertThat(greedy.next(logits, NONE)).isEqualTo(1); // then 1.25, 0.75, 1
        assertThat(greedy.next(logits, NONE)).isEqualTo(0); // then 0.75, 0.75, 1
        assertThat(greedy.next(logits, NONE)).isEqualTo(3);
        BitSet seen = BitSet.valueOf(new long[] {0b0001});
        Sampler all = new Sampler(settings(1).withPresencePenalty(1).withRepetitionPenalty(2), 4);
        all.follow(0);
        all.follow(2);
        double[] expected = softmax(new float[] {2 / 2f - 1, 1.5f, -1 * 2f - 1, 1}, 1);
        double[] found = all.probabilities(logits, seen);
        for (int i = 0; i < 4; i++) {
            assertThat(found[i]).isCloseTo(expected[i], within(1e-12));
        }
        assertThat(all.history(seen)).containsExactly(3, 0, 2, 0);
    }

    /** The same law as on a card: both are held against one definition. */
    @Test
    void drawsAreThoseOfTheDefinition() {
        for (int turn = 0; turn < 400; turn++) {
            SamplerSettings settings = settings(turn % 7 == 0 ? 0 : 0.2 + 2 * random.nextDouble())
                    .withTopK(turn % 3 == 0 ? 1 + random.nextInt(40) : 0)
                    .withTopP(turn % 2 == 0 ? 1 - 0.9 * random.nextDouble() : 1)
                    .withMinP(turn % 5 == 0 ? 0.3 * random.nextDouble() : 0)
                    .withRepetitionPenalty(turn % 4 == 0 ? 1.3 : 1)
                    .withFrequencyPenalty(turn % 6 == 0 ? 0.4 : 0)
                    .withSeed(random.nextLong());
            Sampler sampler = new Sampler(settings, VOCABULARY);
            Sampler follower = new Sampler(settings, VOCABULARY);
            BitSet seen = new BitSet();
            float[] logits = logits();
            for (int step = 0; step < 5; step++) {
                DrawRow row = sampler.row();
                List<DrawTwin.Kept> kept = DrawTwin.kept(logits, sampler.history(seen), row);
                int id = sampler.next(logits, seen);
                assertThat(DrawTwin.right(kept, DrawTwin.uniform(row), id))
                        .as("%s seed %d", settings, seed)
                        .isTrue();
                follower.follow(id);
                assertThat(follower.row()).isEqualTo(sampler.row());
                seen.set(id);
            }
        }
    }

    @Test
    void drawsFollowTheProbabilities() {
        float[] logits = {1, 0, -1, 2, -5};
        Sampler sampler = new Sampler(settings(1.3), 5);
        double[] expected = sampler.probabilities(logits, NONE);
        int[] counts = new int[5];
        int draws = 40_000;
        for (int i = 0; i < draws; i++) {
            counts[sampler.next(logits, NONE)]++;
        }
        double chiSquared = 0;
        for (int i = 0; i < 5; i++) {
            chiSquared += Math.pow(counts[i] - draws * expected[i], 2) / (draws * expected[i]);
        }
        assertThat(chiSquared).as("of 4 degrees of freedom").isLessThan(18.5); // 1 in 1000
    }

    @Test
    void theSameSeedGivesTheSameTokensAndTheStateRestores() {
        Sampler a = new Sampler(settings(1), VOCABULARY);
        Sampler b = new Sampler(settings(1), VOCABULARY);
        Sampler other = new Sampler(settings(1).withSeed(8), VOCABULARY);
        int differences = 0;
        Sampler resumed = new Sampler(settings(1).withSeed(9), VOCABULARY);
        for (int i = 0; i < 100; i++) {
            float[] logits = logits();
            resumed.restore(a.state());
            int id = a.next(logits, NONE);
            assertThat(b.next(logits, NONE)).isEqualTo(id);
            assertThat(resumed.next(logits, NONE)).isEqualTo(id);
            differences += other.next(logits, NONE) == id ? 0 : 1;
        }
        assertThat(differences).isPositive();
    }

    @Test
    void hiddenLogitsAreNeverDrawnAndBrokenOnesAreRefused() {
        float[] hidden = {Float.NEGATIVE_INFINITY, 0, Float.NEGATIVE_INFINITY};
        assertThat(new Sampler(settings(2), 3).next(hidden, NONE)).isEqualTo(1);
        for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            for (SamplerSettings settings : List.of(SamplerSettings.GREEDY, settings(1))) {
                assertThatThrownBy(() -> new Sampler(settings, 2).next(new float[] {0, broken}, NONE))
                        .isInstanceOf(LizardException.class)
                        .hasMessageContaining("expected finite logits");
            }
        }
    }

    @Test
    void settingsOutsideTheirRangesNameTheFlag() {
        assertThatThrownBy(() -> settings(-1))
                .hasMessageContaining("--temperature")
                .hasMessageContaining("-1.0");
        assertThatThrownBy(() -> settings(1).withTopP(0)).hasMessageContaining("--top-p");
        assertThatThrownBy(() -> settings(1).withTopK(-2)).hasMessageContaining("--top-k");
        assertThatThrownBy(() -> settings(1).withMinP(1.5)).hasMessageContaining("--min-p");
        assertThatThrownBy(() -> settings(1).withPresencePenalty(Double.NaN))
                .hasMessageContaining("--presence-penalty");
        assertThatThrownBy(() -> settings(1).withFrequencyPenalty(Double.POSITIVE_INFINITY))
                .hasMessageContaining("--frequency-penalty");
        assertThatThrownBy(() -> settings(1).withRepetitionPenalty(0))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContaining("--repetition-penalty");
    }
}
