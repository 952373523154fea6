package dev.lizard.text.synthetic;

import dev.lizard.base.Resources;
import dev.lizard.tensor.RandomStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The choices of a template grammar, by section; read from a text of {@code [section]} heads and lines. */
final class StoryGrammar {
    private static final String RESOURCE = "story-grammar.txt";

    private final Map<String, List<String>> sections = new LinkedHashMap<>();

    private StoryGrammar(String text) {
        List<String> section = new ArrayList<>();
        for (String line : text.lines().map(String::strip).toList()) {
            if (line.startsWith("[")) {
                section = new ArrayList<>();
                sections.put(line.substring(1, line.length() - 1), section);
            } else if (!line.isEmpty() && !line.startsWith("#")) {
                section.add(line);
            }
        }
    }

    static StoryGrammar standard() {
        return new StoryGrammar(Resources.text(StoryGrammar.class, RESOURCE));
    }

    /** One choice of {@code section} as written, its slots still open. */
    String choice(String section, RandomStream random) {
        List<String> choices = sections.get(section);
        if (choices == null) {
            throw new IllegalStateException("story-grammar.txt has no section [" + section + "]");
        }
        return choices.get(random.nextInt(choices.size()));
    }

    /** A choice of {@code section} with every slot filled, facts of {@code a} and {@code b} where they are named. */
    String expand(String section, Person a, Person b, RandomStream random) {
        String template = choice(section, random);
        StringBuilder text = new StringBuilder();
        int at = 0;
        while (at < template.length()) {
            int open = template.indexOf('{', at);
            if (open < 0) {
                return text.append(template, at, template.length()).toString();
            }
            int close = template.indexOf('}', open);
            String slot = template.substring(open + 1, close);
            text.append(template, at, open).append(fill(slot, a, b, random));
            at = close + 1;
        }
        return text.toString();
    }

    private String fill(String slot, Person a, Person b, RandomStream random) {
        if (slot.startsWith("a.")) {
            return a.fact(slot.substring(2));
        }
        if (slot.startsWith("b.")) {
            return b.fact(slot.substring(2));
        }
        return expand(slot, a, b, random);
    }
}
