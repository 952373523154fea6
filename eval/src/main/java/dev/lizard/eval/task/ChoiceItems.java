package dev.lizard.eval.task;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.eval.task.Asking.Choice;
import dev.lizard.eval.task.Request.Candidate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Items of {@link Choice}. */
final class ChoiceItems {
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    private final Choice ask;
    private final Phrase prompt;
    private final Phrase continuation;
    private final Phrase gold;
    private final List<Phrase> choices = new ArrayList<>();
    private final boolean promptEach;
    private final Shots shots;

    ChoiceItems(TaskFile task, Choice ask, TaskSource source) {
        this.ask = ask;
        prompt = new Phrase("prompt", ask.prompt());
        continuation = new Phrase("continuation", ask.continuation());
        gold = new Phrase("gold", ask.gold());
        for (int i = 0; i < ask.choices().size(); i++) {
            choices.add(new Phrase("choices." + i, ask.choices().get(i)));
        }
        promptEach = prompt.fields().stream().anyMatch(extra("", 0).keySet()::contains);
        shots = new Shots(task, source, this::example);
    }

    /** One order of the options of an item. */
    private record Turned(DataItem item, List<String> choices, int gold) {}

    private static Map<String, Object> extra(String choice, int index) {
        String letter = index < LETTERS.length() ? LETTERS.substring(index, index + 1) : "";
        return Map.of("choice", choice, "index", index, "letter", letter);
    }

    private List<String> choices(DataItem item) {
        return ask.from() == null
                ? choices.stream().map(choice -> choice.render(item)).toList()
                : item.texts(ask.from(), "from");
    }

    private int gold(DataItem item, List<String> choices) {
        String text = gold.render(item).strip();
        int last = choices.size() - 1;
        int index = switch (ask.goldIs()) {
            case INDEX -> text.matches("\\d{1,9}") ? Integer.parseInt(text) : -1;
            case LETTER -> text.length() == 1 ? LETTERS.indexOf(text) : -1;
            case TEXT -> choices.indexOf(text);
        };
        if (index < 0 || index > last) {
            throw item.wrong(
                    String.join(" ", gold.fields()),
                    switch (ask.goldIs()) {
                        case INDEX -> "the index of a choice, 0 to " + last;
                        case LETTER -> "the letter of a choice, A to " + LETTERS.charAt(last);
                        case TEXT -> "one of its choices";
                    },
                    "'" + text + "'",
                    "correct the item");
        }
        return index;
    }

    /** The item in each order that is asked. */
    private List<Turned> turned(DataItem item) {
        List<String> plain = choices(item);
        int right = gold(item, plain);
        if (ask.rotate() == null) {
            return List.of(new Turned(item, plain, right));
        }
        List<String> options = item.texts(ask.rotate(), "rotate");
        int count = options.size();
        if (count != plain.size()) {
            throw item.wrong(
                    ask.rotate(), plain.size() + " options, one a choice", count + " of them", "correct the item");
        }
        List<Turned> all = new ArrayList<>();
        for (int turn = 0; turn < count; turn++) {
            List<String> order = new ArrayList<>(options);
            Collections.rotate(order, turn);
            DataItem shown = item.with(Map.of(ask.rotate(), order));
            all.add(new Turned(shown, choices(shown), (right + turn) % count));
        }
        return all;
    }

    /** A question with its answer. */
    private String example(DataItem item) {
        List<String> plain = choices(item);
        int right = gold(item, plain);
        Map<String, Object> extra = extra(plain.get(right), right);
        return prompt.render(item, extra) + ask.delimiter() + continuation.render(item, extra);
    }

    Item item(DataItem data, String id, Map<String, String> traits) {
        List<Turned> turned = turned(data);
        String before = shots.before(data);
        List<Candidate> candidates = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (Turned one : turned) {
            String shared = promptEach ? "" : before + prompt.render(one.item());
            for (int i = 0; i < one.choices().size(); i++) {
                Map<String, Object> extra = extra(one.choices().get(i), i);
                String text = continuation.render(one.item(), extra);
                String asked = promptEach ? before + prompt.render(one.item(), extra) : shared;
                if ((ask.delimiter() + text).isEmpty()) {
                    throw data.wrong(
                            String.join(" ", continuation.fields()), "a choice", "an empty text", "correct the item");
                }
                candidates.add(new Candidate(asked, ask.delimiter() + text));
                texts.add(text);
            }
        }
        List<Integer> golds = turned.stream().map(Turned::gold).toList();
        return new Item(
                id, new Request.Likelihoods(candidates), traits, new ChoiceJudge(ask, letters(ask), golds, texts));
    }

    /** The choices where they are the same for all items and so may be preferred for themselves. */
    static List<String> letters(Choice ask) {
        return ask.choices().stream().anyMatch(choice -> choice.contains("{")) ? List.of() : ask.choices();
    }

    static List<Measure> measures(Choice ask) {
        return ask.metrics().stream()
                .map(name -> new Measure(name, Measure.Summary.MEAN, true))
                .toList();
    }

    /**
     * Which choice was the likeliest.
     *
     * @param golds of each order in which the item is asked
     * @param texts of all choices of the first order, then those of the next
     */
    private record ChoiceJudge(Choice ask, List<String> letters, List<Integer> golds, List<String> texts)
            implements Item.Judge {
        @Override
        public Map<String, Item.Value> judge(Answer answer) {
            List<Answer.Likelihood> all = ((Answer.Likelihoods) answer).all();
            int count = all.size() / golds.size();
            Map<String, Item.Value> values = new HashMap<>();
            int[] picked = new int[count];
            int[] right = new int[count];
            int hits = 0;
            int normHits = 0;
            for (int turn = 0; turn < golds.size(); turn++) {
                int first = turn * count;
                int best = best(count, i -> all.get(first + i).logLikelihood());
                int norm = best(count, i -> all.get(first + i).logLikelihood() / length(first + i, all.get(first + i)));
                picked[best]++;
                right[golds.get(turn)]++;
                hits += best == golds.get(turn) ? 1 : 0;
                normHits += norm == golds.get(turn) ? 1 : 0;
            }
            double turns = golds.size();
            values.put("acc", Item.Value.of(hits / turns));
            values.put("acc_norm", Item.Value.of(normHits / turns));
            values.put("acc_all", Item.Value.of(hits == golds.size()));
            values.keySet().retainAll(ask.metrics());
            for (int i = 0; i < letters.size(); i++) {
                values.put(Task.PICKED + letters.get(i), Item.Value.of(picked[i] / turns));
                values.put(Task.RIGHT + letters.get(i), Item.Value.of(right[i] / turns));
            }
            return values;
        }

        private double length(int i, Answer.Likelihood likelihood) {
            String text = texts.get(i);
            return switch (ask.normalise()) {
                case CHARACTERS -> text.codePointCount(0, text.length());
                case BYTES -> text.getBytes(UTF_8).length;
                case TOKENS -> likelihood.tokens();
            };
        }

        /** The first of the largest. */
        private static int best(int count, ToDoubleFunction<Integer> score) {
            int best = 0;
            for (int i = 1; i < count; i++) {
                if (score.applyAsDouble(i) > score.applyAsDouble(best)) {
                    best = i;
                }
            }
            return best;
        }
    }
}
