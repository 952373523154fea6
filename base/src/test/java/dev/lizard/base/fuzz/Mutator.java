package dev.lizard.base.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** One input's source of mutations; which they are is decided by its random numbers alone. */
public final class Mutator {
    private final SplittableRandom random;

    public Mutator(SplittableRandom random) {
        this.random = random;
    }

    public SplittableRandom random() {
        return random;
    }

    /** One of the files changed as befits its name, now and then two of them; seldom one left out. */
    public Map<String, byte[]> files(Map<String, byte[]> sample) {
        Map<String, byte[]> files = new LinkedHashMap<>(sample);
        List<String> names = new ArrayList<>(sample.keySet());
        for (int i = random.nextInt(5) == 0 ? 2 : 1; i > 0; i--) {
            String name = names.get(random.nextInt(names.size()));
            if (names.size() > 1 && random.nextInt(50) == 0) {
                files.remove(name);
            } else {
                files.computeIfPresent(name, this::file);
            }
        }
        return files;
    }

    /** The content of one file, changed as befits its name. */
    public byte[] file(String name, byte[] content) {
        if (name.endsWith(".json") && random.nextInt(8) != 0) {
            return json(new String(content, UTF_8)).getBytes(UTF_8);
        }
        boolean text = name.endsWith(".jinja") || name.endsWith(".yaml") || name.endsWith(".txt");
        return text && random.nextInt(8) != 0
                ? text(new String(content, UTF_8), List.of()).getBytes(UTF_8)
                : bytes(content);
    }

    public byte[] bytes(byte[] content) {
        return new ByteMutations(random).of(content);
    }

    /** Another JSON text; mostly well-formed. {@code json} may be anything. */
    public String json(String json) {
        return new JsonMutations(random).of(json);
    }

    /** Cut, doubled, moved and exchanged parts; words of {@code dictionary} put in. */
    public String text(String text, List<String> dictionary) {
        return new TextMutations(random, dictionary).of(text);
    }

    public <T> T any(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
