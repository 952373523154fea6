package dev.lizard.eval.task;

import java.util.List;

/** What a model is asked; {@link Answer} has a form for each. */
public sealed interface Request {
    /** A continuation of a prompt. Spaces at the prompt's end go with the continuation when they become tokens. */
    record Candidate(String prompt, String continuation) {}

    /** How likely each candidate is. What their prompts begin with in common is read once. */
    record Likelihoods(List<Candidate> candidates) implements Request {}

    /**
     * What the model writes, greedily.
     *
     * @param stops texts before which it ends; the end-of-text token ends it too
     * @param tokens at most
     */
    record Written(String prompt, List<String> stops, int tokens) implements Request {}

    /**
     * How likely a whole text is, in windows of {@code context} predictions that do not overlap, each read afresh
     * ({@link dev.lizard.generate.Scorer}).
     */
    record Rolling(String text, int context) implements Request {}

    /** How likely each token after the first is, read in one go; answered by {@link Answer.Rolling}. */
    record Tokens(List<Integer> ids) implements Request {}
}
