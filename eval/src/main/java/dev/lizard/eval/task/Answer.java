package dev.lizard.eval.task;

import java.util.List;

/** What a model made of a {@link Request}. */
public sealed interface Answer {
    /**
     * A candidate's likelihood.
     *
     * @param logLikelihood natural log, summed over the continuation's tokens
     * @param tokens of the continuation
     * @param correctTokens how many of them were the most likely ones
     */
    record Likelihood(double logLikelihood, int tokens, int correctTokens) {
        /** Whether greedy writing would have given the continuation. */
        public boolean isGreedy() {
            return tokens == correctTokens;
        }
    }

    /** In the order of the candidates. */
    record Likelihoods(List<Likelihood> all) implements Answer {}

    /** Without the text that stopped it. */
    record Written(String text, List<Integer> ids) implements Answer {}

    /** Negative log-likelihoods, in nats, of all tokens but the text's first. */
    record Rolling(List<Float> nll) implements Answer {}
}
