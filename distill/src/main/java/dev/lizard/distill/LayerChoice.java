package dev.lizard.distill;

import dev.lizard.base.LizardException;
import java.util.SortedSet;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** Reads a recipe's {@code layers}: {@code all}, a list of numbers, or {@code {keep_softmax: [numbers]}}. */
final class LayerChoice {
    private static final String KEEP = "keep_softmax";

    private LayerChoice() {}

    /**
     * The layers to be replaced, of a model with {@code count}.
     *
     * @param where the recipe, for messages
     * @throws LizardException USAGE for anything else, a layer the model does not have, or none at all
     */
    static SortedSet<Integer> of(JsonNode choice, int count, String where) {
        SortedSet<Integer> layers = new TreeSet<>();
        if (choice.isString() && choice.asString().equals("all")) {
            addAll(layers, count);
        } else if (choice instanceof ArrayNode list) {
            layers.addAll(numbers(list, count, where));
        } else if (choice.size() == 1 && choice.get(KEEP) instanceof ArrayNode kept) {
            addAll(layers, count);
            layers.removeAll(numbers(kept, count, where));
        } else {
            throw wrong(where, "all, a list of layers, or {keep_softmax: [layers]}", choice, "correct the value");
        }
        if (layers.isEmpty()) {
            throw wrong(where, "at least one layer to replace", choice, "name one");
        }
        return layers;
    }

    private static void addAll(SortedSet<Integer> layers, int count) {
        for (int layer = 0; layer < count; layer++) {
            layers.add(layer);
        }
    }

    private static SortedSet<Integer> numbers(ArrayNode list, int count, String where) {
        SortedSet<Integer> numbers = new TreeSet<>();
        for (JsonNode node : list) {
            if (!node.isInt() || node.intValue() < 0 || node.intValue() >= count) {
                throw wrong(where, "layers from 0 to " + (count - 1), node, "the model has %d layers".formatted(count));
            }
            numbers.add(node.intValue());
        }
        return numbers;
    }

    private static LizardException wrong(String where, String expected, JsonNode found, String advice) {
        return LizardException.at(
                LizardException.Kind.USAGE, "wrong layers", where + "/layers", expected, found, advice);
    }
}
