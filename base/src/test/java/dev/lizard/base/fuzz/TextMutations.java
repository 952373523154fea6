package dev.lizard.base.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Changes to words and marks of a text in some language. */
record TextMutations(SplittableRandom random, List<String> dictionary) {
    private static final Pattern TOKEN = Pattern.compile("\\w+|\\s+|.", Pattern.DOTALL);
    private static final int LONGEST = 1 << 16;
    private static final List<String> ODD = List.of(
            "0",
            "-1",
            "1e999",
            "99999999999999999999",
            "2147483648",
            ".nan",
            "null",
            "true",
            "''",
            "\"",
            "'",
            "\\",
            "[",
            "]",
            "{",
            "}",
            "(",
            ")",
            ":",
            ",",
            "\n",
            "\t",
            "\u0000",
            "\ud800",
            "\u2028",
            "\ufeff",
            "\ud83e\udd8e",
            "%",
            "#",
            "&a",
            "*a",
            "!!int",
            "---",
            "|",
            ">");

    String of(String text) {
        List<String> tokens = new ArrayList<>();
        for (Matcher each = TOKEN.matcher(text); each.find(); ) {
            tokens.add(each.group());
        }
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            once(tokens);
        }
        String changed = String.join("", tokens);
        return changed.length() <= LONGEST ? changed : changed.substring(0, LONGEST);
    }

    private void once(List<String> tokens) {
        if (tokens.isEmpty()) {
            tokens.add(word());
            return;
        }
        int at = random.nextInt(tokens.size());
        int end = Math.min(tokens.size(), at + 1 + random.nextInt(12));
        List<String> part = List.copyOf(tokens.subList(at, end));
        switch (random.nextInt(8)) {
            case 0 -> tokens.remove(at);
            case 1 -> tokens.subList(at, end).clear();
            case 2 -> tokens.addAll(at, part);
            case 3 -> tokens.addAll(random.nextInt(tokens.size()), part);
            case 4 -> tokens.set(at, tokens.get(random.nextInt(tokens.size())));
            case 5 -> tokens.subList(at, tokens.size()).clear();
            case 6 -> tokens.set(at, word());
            default -> tokens.add(at, random.nextInt(40) == 0 ? word().repeat(2000) : word());
        }
    }

    private String word() {
        List<String> words = dictionary.isEmpty() || random.nextInt(4) == 0 ? ODD : dictionary;
        return words.get(random.nextInt(words.size()));
    }
}
