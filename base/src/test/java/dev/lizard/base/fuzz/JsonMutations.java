package dev.lizard.base.fuzz;

import dev.lizard.base.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/** Changes to the tree of a JSON text: values of other types and sizes, keys lost, renamed, doubled and strange. */
record JsonMutations(SplittableRandom random) {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1",
            "-1",
            "2",
            "3",
            "0.5",
            "-0.0",
            "1e308",
            "1e999",
            "-1e999",
            "NaN",
            "Infinity",
            "5e-324",
            "1e-999",
            "127",
            "128",
            "65536",
            "2147483647",
            "2147483648",
            "4294967296",
            "9223372036854775807",
            "9223372036854775808",
            "123456789012345678901234567890",
            "1e9",
            "1e100000",
            "\"\"",
            "\"0\"",
            "\"NaN\"",
            "\"1e999\"",
            "\"none\"",
            "\"default\"",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "\"\\n\"",
            "\"</script><b>\"",
            "\"../../x\"",
            "\"\\u2028\"",
            "[]",
            "{}",
            "[null]",
            "[[]]",
            "{\"\":{}}",
            "[0]",
            "[1,1]",
            "{\"a\":1,\"a\":2}",
            "[-1,9223372036854775807]",
            "01",
            "'x'",
            "undefined",
            "",
            "/* */ 1");

    /** A place where a value stands; {@code key} or {@code index} tells it. */
    private record Slot(JsonNode parent, String key, int index) {
        JsonNode value() {
            return parent instanceof ArrayNode array ? array.get(index) : parent.get(key);
        }

        void set(JsonNode value) {
            if (parent instanceof ArrayNode array) {
                array.set(index, value);
            } else {
                ((ObjectNode) parent).set(key, value);
            }
        }

        void remove() {
            if (parent instanceof ArrayNode array) {
                array.remove(index);
            } else {
                ((ObjectNode) parent).remove(key);
            }
        }
    }

    String of(String json) {
        JsonNode root;
        try {
            root = Json.MAPPER.readTree(json);
        } catch (JacksonException e) {
            return new TextMutations(random, List.of()).of(json);
        }
        if (random.nextInt(200) == 0) {
            return VALUES.get(random.nextInt(VALUES.size()));
        }
        for (int i = random.nextInt(3) == 0 ? 2 + random.nextInt(3) : 1; i > 0; i--) {
            List<Slot> slots = new ArrayList<>();
            collect(root, slots);
            if (slots.isEmpty()) {
                break;
            }
            once(slots.get(random.nextInt(slots.size())), slots);
        }
        return Json.MAPPER.writeValueAsString(root);
    }

    private static void collect(JsonNode node, List<Slot> slots) {
        if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                slots.add(new Slot(array, "", i));
                collect(array.get(i), slots);
            }
        }
        node.properties().forEach(property -> {
            slots.add(new Slot(node, property.getKey(), -1));
            collect(property.getValue(), slots);
        });
    }

    private void once(Slot slot, List<Slot> slots) {
        JsonNode value = slot.value();
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> slot.set(raw(VALUES.get(random.nextInt(VALUES.size()))));
            case 3 -> slot.remove();
            case 4 -> rename(slot, slots);
            case 5 -> slot.set(slots.get(random.nextInt(slots.size())).value().deepCopy());
            case 6, 7 -> slot.set(near(value));
            case 8 -> doubled(slot, value);
            case 9 -> slot.set(raw(nested()));
            case 10 -> slot.set(NODES.stringNode("x\u00e9\ud83e\udd8e".repeat(1 << random.nextInt(14))));
            default -> add(slot, value);
        }
    }

    private static JsonNode raw(String text) {
        return NODES.rawValueNode(new RawValue(text));
    }

    private void rename(Slot slot, List<Slot> slots) {
        if (!(slot.parent() instanceof ObjectNode object)) {
            return;
        }
        JsonNode value = object.remove(slot.key());
        String key = slot.key();
        String other = slots.get(random.nextInt(slots.size())).key();
        object.set(
                switch (random.nextInt(6)) {
                    case 0 -> other;
                    case 1 -> key.replace("_", "");
                    case 2 -> key + "s";
                    case 3 -> key.substring(key.length() / 2);
                    case 4 -> key.toUpperCase(Locale.ROOT);
                    default -> key + "\n\u0000";
                },
                value);
    }

    /** A value of the same type that is a little or much off. */
    private JsonNode near(JsonNode value) {
        if (value.isNumber()) {
            double number = value.doubleValue();
            return switch (random.nextInt(7)) {
                case 0 -> raw(Long.toString((long) number + 1));
                case 1 -> raw(Long.toString((long) number - 1));
                case 2 -> raw(Double.toString(-number));
                case 3 -> raw(Long.toString(2 * (long) number));
                case 4 -> raw(Double.toString(number / 2));
                case 5 -> raw(Double.toString(number * 1e6));
                default -> NODES.stringNode(value.toString());
            };
        }
        if (value.isString()) {
            String changed = new TextMutations(random, List.of()).of(value.stringValue());
            return NODES.stringNode(changed);
        }
        if (value.isBoolean()) {
            return NODES.booleanNode(!value.booleanValue());
        }
        if (value instanceof ArrayNode array && !array.isEmpty()) {
            ArrayNode changed = array.deepCopy();
            int at = random.nextInt(array.size());
            switch (random.nextInt(4)) {
                case 0 -> changed.remove(at);
                case 1 ->
                    changed.insert(at, array.get(random.nextInt(array.size())).deepCopy());
                case 2 ->
                    changed.set(at, array.get(random.nextInt(array.size())).deepCopy());
                default -> repeat(changed, array.get(at));
            }
            return changed;
        }
        return random.nextBoolean() ? NODES.arrayNode().add(value) : NODES.nullNode();
    }

    private static void repeat(ArrayNode array, JsonNode item) {
        for (int i = 0; i < 300; i++) {
            array.add(item.deepCopy());
        }
    }

    /** The same key twice, which only a raw text can hold. */
    private void doubled(Slot slot, JsonNode value) {
        String text = Json.MAPPER.writeValueAsString(value);
        boolean keyed = slot.parent() instanceof ObjectNode;
        String again = keyed ? Json.MAPPER.writeValueAsString(slot.key()) + ":" : "";
        slot.set(raw(text + "," + again + (random.nextBoolean() ? text : "0")));
    }

    private String nested() {
        int depth = 1 << random.nextInt(13);
        return random.nextBoolean()
                ? "[".repeat(depth) + "]".repeat(depth)
                : "{\"a\":".repeat(depth) + "1" + "}".repeat(depth);
    }

    private void add(Slot slot, JsonNode value) {
        JsonNode strange = raw(VALUES.get(random.nextInt(VALUES.size())));
        if (slot.parent() instanceof ObjectNode object) {
            object.set(slot.key() + "_2", random.nextBoolean() ? value.deepCopy() : strange);
        } else {
            ((ArrayNode) slot.parent()).add(strange);
        }
    }
}
