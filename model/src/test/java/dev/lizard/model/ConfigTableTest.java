package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * For every key that is read: its absence, null, wrong types and numbers, a wrong spelling, an unknown neighbour, a
 * contradiction. {@code config/table.tsv} has a line for each: the family, what is changed in its config
 * ({@code __absent__} takes a key out), what transformers 5.24 makes of it (the facts that differ from those of the
 * unchanged config), and what is expected here:
 *
 * <ul>
 *   <li>{@code same}: the same, in silence;
 *   <li>{@code noted}: the same, and a note names the key;
 *   <li>{@code refused}: one line that names the key.
 * </ul>
 *
 * <p>In two things the facts are not those of transformers 5.24: rotary positions by type of layer, which it passes over
 * in a Llama and fails on in a Qwen2, are read; and Mistral's null {@code num_key_value_heads} is what 4.57 takes it for.
 */
class ConfigTableTest {
    private record Line(String family, String change, String reference, String expected) {}

    /** The facts of each family's unchanged config, which is its first line. */
    private final Map<String, Map<String, String>> unchanged = new HashMap<>();

    private static List<Line> table() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(ConfigTableTest.class.getResourceAsStream("/config/table.tsv")),
                StandardCharsets.UTF_8))) {
            return reader.lines()
                    .map(line -> line.split("\t", -1))
                    .map(cells -> new Line(cells[0], cells[1], cells[2], cells[3]))
                    .toList();
        }
    }

    private static ObjectNode changed(Line line) {
        ObjectNode config = TinyModels.config(Family.of(line.family).orElseThrow());
        for (Map.Entry<String, JsonNode> entry : change(line).properties()) {
            if (entry.getValue().asString("").equals("__absent__")) {
                config.remove(entry.getKey());
            } else {
                config.set(entry.getKey(), entry.getValue());
            }
        }
        return config;
    }

    private static ObjectNode change(Line line) {
        return (ObjectNode) Json.parse(line.change, "change.json", LizardException.Kind.INPUT);
    }

    /** Everything that {@code line} names: keys of the change and of objects in it. */
    private static List<String> names(JsonNode change) {
        List<String> names = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : change.properties()) {
            names.add(entry.getKey());
            names.addAll(names(entry.getValue()));
        }
        return names;
    }

    @Test
    void everyChangeGivesWhatTransformersDoesOrAClearLine() throws IOException {
        List<String> wrong = new ArrayList<>();
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (Line line : table()) {
            String found = outcome(line);
            counts.merge(found, 1, Integer::sum);
            if (!found.equals(line.expected)) {
                wrong.add(line.family + "\t" + line.change + "\texpected " + line.expected + "\tfound " + found);
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(counts).containsOnlyKeys("same", "noted", "refused").hasSize(3);
    }

    private String outcome(Line line) {
        try {
            ModelConfig config = TinyModels.parsed(changed(line));
            String difference = difference(line, facts(config));
            if (!difference.isEmpty()) {
                return difference;
            }
            if (config.notes().isEmpty()) {
                return "same";
            }
            String notes = String.join("\n", config.notes());
            return names(change(line)).stream().anyMatch(notes::contains) ? "noted" : "notes without the key: " + notes;
        } catch (LizardException e) {
            boolean clear = e.kind() == LizardException.Kind.INPUT
                    && e.getMessage().contains("tiny.json/")
                    && !e.getMessage().contains("\n")
                    && names(change(line)).stream().anyMatch(e.getMessage()::contains);
            return clear ? "refused" : e.kind() + " " + e.getMessage();
        }
    }

    private static Map<String, String> facts(ModelConfig c) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("keyHeads", "" + c.keyHeads());
        facts.put("headWidth", "" + c.headWidth());
        facts.put("epsilon", "" + c.normEpsilon());
        facts.put("positions", "" + c.maxPositions());
        facts.put("tied", "" + c.tied());
        facts.put("biases", (c.qkvBias() ? "1" : "0") + (c.outputBias() ? "1" : "0") + (c.mlpBias() ? "1" : "0"));
        facts.put("windows", joined(c.windows()));
        facts.put("bos", c.bosId().isPresent() ? "" + c.bosId().getAsInt() : "none");
        facts.put("eos", c.eosIds().isEmpty() ? "none" : joined(c.eosIds()));
        facts.put(
                "frequencies",
                joined(Arrays.stream(c.rope().frequencies(c.headWidth()))
                        .boxed()
                        .toList()));
        facts.put("attention", "" + c.rope().attention());
        return facts;
    }

    private static String joined(List<?> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /** What differs from the reference; numbers may by 2e-5, as it computes in float32. */
    private String difference(Line line, Map<String, String> found) {
        if (line.reference.equals("error")) {
            return "accepted what transformers refuses";
        }
        Map<String, String> expected = new LinkedHashMap<>(unchanged.getOrDefault(line.family, Map.of()));
        expected.putAll(parsed(line.reference));
        if (line.change.equals("{}")) {
            unchanged.put(line.family, expected);
        }
        assertThat(expected).containsOnlyKeys(found.keySet());
        return expected.entrySet().stream()
                .filter(fact -> !near(fact.getValue(), found.get(fact.getKey())))
                .map(fact -> fact + " found " + found.get(fact.getKey()))
                .collect(Collectors.joining(" "));
    }

    private static Map<String, String> parsed(String facts) {
        return facts.equals("unchanged")
                ? Map.of()
                : Arrays.stream(facts.split(" ", -1))
                        .map(fact -> fact.split("=", -1))
                        .collect(Collectors.toMap(fact -> fact[0], fact -> fact[1]));
    }

    private static boolean near(String expected, String found) {
        String[] wanted = expected.split(",", -1);
        String[] there = found.split(",", -1);
        boolean near = wanted.length == there.length;
        for (int i = 0; near && i < wanted.length; i++) {
            near = wanted[i].equals(there[i]) || nearNumber(wanted[i], there[i]);
        }
        return near;
    }

    private static boolean nearNumber(String expected, String found) {
        try {
            double wanted = Double.parseDouble(expected);
            return Math.abs(Double.parseDouble(found) - wanted) <= 2e-5 * Math.abs(wanted);
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
