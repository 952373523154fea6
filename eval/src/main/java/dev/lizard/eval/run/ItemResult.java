package dev.lizard.eval.run;

import dev.lizard.eval.task.Answer;
import dev.lizard.eval.task.Item;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What became of an item; a line of the log.
 *
 * @param id of the item
 * @param tokens of the longest text that was read for it, with what was written
 * @param beyond whether these were more than the model was trained for
 * @param values what the judge made of the answer
 * @param logLikelihoods of the candidates, in nats
 * @param text what was written
 */
public record ItemResult(
        String id,
        Map<String, String> traits,
        int tokens,
        boolean beyond,
        Map<String, Item.Value> values,
        @Nullable List<Double> logLikelihoods,
        @Nullable String text) {
    static ItemResult of(Item item, Answer answer, int tokens, int trained) {
        List<Double> likelihoods = answer instanceof Answer.Likelihoods(List<Answer.Likelihood> all)
                ? all.stream().map(Answer.Likelihood::logLikelihood).toList()
                : null;
        String text = answer instanceof Answer.Written written ? written.text() : null;
        Map<String, Item.Value> values = new TreeMap<>(item.judge().judge(answer));
        return new ItemResult(item.id(), item.traits(), tokens, tokens > trained, values, likelihoods, text);
    }
}
