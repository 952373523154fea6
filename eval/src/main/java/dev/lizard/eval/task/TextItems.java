package dev.lizard.eval.task;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.eval.task.Asking.Text;
import dev.lizard.text.Tokenized;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Windows of whole texts, for {@link Text}. */
final class TextItems {
    private final Text ask;
    private final TaskSource source;
    private int tokens;

    TextItems(Text ask, TaskSource source) {
        this.ask = ask;
        this.source = source;
        tokens = ask.tokens() == 0 ? Integer.MAX_VALUE : ask.tokens();
    }

    List<Item> of(Path file) {
        List<Item> items = new ArrayList<>();
        if (ask.field() == null) {
            add(items, DataFile.text(file));
        } else {
            DataFile.items(file).forEach(item -> add(items, item.text(ask.field(), "field")));
        }
        return items;
    }

    private void add(List<Item> items, String text) {
        if (tokens < 2) {
            return;
        }
        Tokenized whole = source.tokenizer().encodeWithOffsets(text, true);
        int length = Math.min(tokens, whole.ids().length);
        tokens -= length;
        int window = Math.min(ask.window(), length);
        for (int from = 0; window > 1 && from + window <= length; from += window) {
            int begin = start(whole, from + 1, text);
            int end = start(whole, from + window, text);
            boolean inWord = begin > 0 && !Character.isWhitespace(text.charAt(begin - 1));
            int[] ids = Arrays.copyOfRange(whole.ids(), from, from + window);
            items.add(item(Integer.toString(items.size()), ids, text.substring(begin, end), inWord));
        }
    }

    /** Where a token begins in the text; its end for the one after the last. */
    private static int start(Tokenized whole, int token, String text) {
        return token < whole.ids().length ? Math.max(0, whole.starts()[token]) : text.length();
    }

    /** @param part what the foretold tokens spell */
    private Item item(String id, int[] ids, String part, boolean inWord) {
        double words = words(part, inWord);
        double bytes = part.getBytes(UTF_8).length;
        List<Integer> list = Arrays.stream(ids).boxed().toList();
        return new Item(id, new Request.Tokens(list), Map.of(), answer -> {
            List<Float> nll = ((Answer.Rolling) answer).nll();
            double sum = -nll.stream().mapToDouble(Float::doubleValue).sum();
            Map<String, Item.Value> values = new HashMap<>();
            values.put("perplexity", new Item.Value(sum, nll.size()));
            values.put("word_perplexity", new Item.Value(sum, words));
            values.put("byte_perplexity", new Item.Value(sum, bytes));
            values.put("bits_per_byte", new Item.Value(sum, bytes));
            values.keySet().retainAll(ask.metrics());
            return values;
        });
    }

    /** Words that begin in a part of a text. */
    private static int words(String part, boolean inWord) {
        int words = 0;
        boolean inside = inWord;
        for (int i = 0; i < part.length(); i++) {
            boolean letter = !Character.isWhitespace(part.charAt(i));
            words += letter && !inside ? 1 : 0;
            inside = letter;
        }
        return words;
    }

    static List<Measure> measures(Text ask) {
        return ask.metrics().stream()
                .map(name -> new Measure(
                        name, name.equals("bits_per_byte") ? Measure.Summary.BITS : Measure.Summary.PERPLEXITY, false))
                .toList();
    }
}
