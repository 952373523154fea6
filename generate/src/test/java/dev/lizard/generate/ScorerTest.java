package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.generate.Tiny.Kind;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LiveTensors.class)
class ScorerTest {
    private static final double TOLERANCE = 2e-4;

    /** The definition: each window read by a session, token by token. */
    private static double[] twin(Decoder decoder, int[] ids, int context) {
        double[] nll = new double[ids.length - 1];
        for (int start = 0; start < nll.length; start += context) {
            try (Session session = new Session(decoder)) {
                for (int i = start; i < Math.min(nll.length, start + context); i++) {
                    float[] logits = session.step(ids[i]);
                    double sum = 0;
                    for (float logit : logits) {
                        sum += Math.exp(logit);
                    }
                    nll[i] = Math.log(sum) - logits[ids[i + 1]];
                }
            }
        }
        return nll;
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void scoresEqualTheirDefinitionForEveryContext(Kind kind) {
        int[] ids = Tiny.ids(1, 60);
        try (Decoder decoder = Tiny.decoder(kind)) {
            for (int context : new int[] {1, 7, 8, 20, 59, 60, 1000}) {
                Score score = new Scorer(decoder).score(ids, context, 118, Progress.NONE);
                double[] expected = twin(decoder, ids, context);
                assertThat(score.tokens()).isEqualTo(60);
                assertThat(score.nll()).hasSize(59);
                double sum = 0;
                for (int i = 0; i < expected.length; i++) {
                    assertThat((double) score.nll().get(i)).isCloseTo(expected[i], within(TOLERANCE));
                    sum += expected[i];
                }
                assertThat(score.meanNll()).isCloseTo(sum / 59, within(TOLERANCE));
                assertThat(score.perplexity()).isCloseTo(Math.exp(sum / 59), within(1e-3 * Math.exp(sum / 59)));
                assertThat(score.bitsPerByte()).isCloseTo(sum / Math.log(2) / 118, within(TOLERANCE));
            }
            Score whole = new Scorer(decoder).score(ids, 0, 0, Progress.NONE);
            assertThat(whole.context()).isEqualTo(59);
            assertThat(whole.bitsPerByte()).isNull();
        }
    }

    @Test
    void longWindowsAreReadInPieces() {
        int[] ids = Tiny.ids(2, 5000);
        try (Decoder decoder = Tiny.decoder(Kind.HYBRID);
                Session session = new Session(decoder)) {
            Score score = new Scorer(decoder).score(ids, 0, 0, Progress.NONE);
            session.prefill(Arrays.copyOf(ids, 4999));
            float[] logits = session.logits();
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit);
            }
            assertThat((double) score.nll().getLast()).isCloseTo(Math.log(sum) - logits[ids[4999]], within(TOLERANCE));
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void theLikeliestTokensAreThoseOfGreedyWriting(Kind kind) {
        try (Decoder decoder = Tiny.decoder(kind);
                Session session = new Session(decoder)) {
            int[] ids = Arrays.copyOf(Tiny.ids(4, 20), 30);
            session.prefill(Arrays.copyOf(ids, 20));
            for (int i = 20; i < 30; i++) {
                ids[i] = best(session.logits());
                session.step(ids[i]);
            }
            ids[27] = (ids[27] + 1) % decoder.vocabulary(); // no longer what greedy writing gives
            List<Boolean> likeliest =
                    new Scorer(decoder, true).score(ids, 0, 0, Progress.NONE).likeliest();
            assertThat(likeliest).hasSize(29);
            assertThat(likeliest.subList(19, 27)).containsExactly(true, true, true, true, true, true, true, false);
            assertThat(new Scorer(decoder, true).score(ids, 7, 0, Progress.NONE).likeliest())
                    .hasSize(29);
            assertThat(new Scorer(decoder).score(ids, 0, 0, Progress.NONE).likeliest())
                    .isNull();
        }
    }

    private static int best(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    @Test
    void parametersTrainedMeanwhileCount() {
        int[] ids = Tiny.ids(3, 40);
        try (Decoder decoder = Tiny.decoder(Kind.JOINT)) {
            Scorer scorer = new Scorer(decoder);
            double before = scorer.score(ids, 0, 0, Progress.NONE).meanNll();
            for (int layer = 0; layer < 2; layer++) {
                decoder.mixer(layer).parameters().values().forEach(parameter -> parameter.add_(1));
            }
            double after = scorer.score(ids, 0, 0, Progress.NONE).meanNll();
            assertThat(Math.abs(after - before)).isGreaterThan(1e-3);
            double[] expected = twin(decoder, ids, 100);
            assertThat(after).isCloseTo(Arrays.stream(expected).average().orElseThrow(), within(TOLERANCE));
        }
    }

    @Test
    void bucketsCoverEveryPredictionOnce() {
        Score score = Score.of(List.of(1f, 2f, 3f, 4f, 5f, 6f, 7f), null, 5, 0); // positions 1 2 3 4 5 1 2
        assertThat(score.byPosition())
                .containsExactly(
                        new Score.Bucket(1, 2, 2, 3.5), new Score.Bucket(2, 4, 3, 4), new Score.Bucket(4, 8, 2, 4.5));
        assertThat(score.meanNll()).isEqualTo(4);
    }

    @Test
    void bytesAreThoseAfterTheFirstToken() {
        try (Tokenizer tokenizer = Tiny.tokenizer()) {
            assertThat(Scorer.bytes(tokenizer.encode("héllo", false), tokenizer))
                    .isEqualTo(5);
            assertThat(Scorer.bytes(tokenizer.encode("<|user|>日本", false), tokenizer))
                    .isEqualTo(6);
        }
    }

    @Test
    void theJsonHasThePromisedFields() {
        assertThat(Json.MAPPER
                        .valueToTree(Score.of(List.of(1f, 3f), null, 2, 4))
                        .propertyNames())
                .contains("tokens", "nll", "mean_nll", "perplexity", "bits_per_byte")
                .doesNotContain("by_position", "likeliest");
    }

    @Test
    void whatCannotBeScoredIsRefused() {
        try (Decoder decoder = Tiny.decoder(Kind.TEACHER)) {
            Scorer scorer = new Scorer(decoder);
            assertThatThrownBy(() -> scorer.score(new int[] {1}, 0, 0, Progress.NONE))
                    .isInstanceOf(LizardException.class)
                    .hasMessageContaining("1 token");
            assertThatThrownBy(() -> scorer.score(new int[] {1, 300}, 0, 0, Progress.NONE))
                    .isInstanceOf(LizardException.class)
                    .hasMessageContaining("300");
            decoder.weights().get("model.norm.weight").fill_(Double.NaN);
            assertThatThrownBy(() -> scorer.score(new int[] {1, 2}, 0, 0, Progress.NONE))
                    .isInstanceOfSatisfying(
                            LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.FAILED))
                    .hasMessageContaining("token 1");
        }
    }
}
