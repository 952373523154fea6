package dev.lizard.distill;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Reads recipes as version 0.1 wrote them: {@code loss: attention-mse} with {@code input} and {@code loss_scale} beside
 * it, {@code loss: next-token} with {@code labels} and {@code teacher_kl}, {@code trains} with {@code lora}, and
 * {@code group_rates}. Each value moves to where it stands today and keeps its origin, so that messages still name the
 * flag or the file it came from.
 */
final class OldSpelling {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Map<String, String> LOSSES = Map.of("attention-mse", "attention-output");
    /** Keys that stood beside the loss, the kind of loss that read each, and what it said when it was not given. */
    private static final List<Key> KEYS = List.of(
            new Key("input", "input", "attention-output", "teacher"),
            new Key("loss_scale", "scale", "attention-output", "1000"),
            new Key("labels", "labels", "next-token", "all"));

    private record Key(String old, String now, String loss, String standard) {}

    private final Consumer<String> notes;
    private final List<String> found = new ArrayList<>();
    private ConfigTree tree;
    private String place = "";

    private OldSpelling(ConfigTree tree, Consumer<String> notes) {
        this.tree = tree;
        this.notes = notes;
    }

    /**
     * The same recipe in today's spelling.
     *
     * @param notes receives a line that names the old keys, if there are any
     */
    static ConfigTree today(ConfigTree tree, Consumer<String> notes) {
        return new OldSpelling(tree, notes).today();
    }

    private ConfigTree today() {
        int stages = tree.get("stages") instanceof ArrayNode list ? list.size() : 0;
        for (int i = 0; i < stages; i++) {
            if (at("stages." + i).isObject()) {
                loss("stages." + i + ".");
                trains("stages." + i + ".");
            }
        }
        if (!found.isEmpty()) {
            notes.accept("%s: spelt as version 0.1 spelt it%s; docs/recipes.md has today's spelling"
                    .formatted(place, found.size() > 1 ? " (and %,d keys more)".formatted(found.size() - 1) : ""));
        }
        return tree;
    }

    private JsonNode at(String key) {
        JsonNode stages = tree.get("stages"); // without a copy of the tree
        return stages == null
                ? NODES.missingNode()
                : stages.at(key.substring("stages".length()).replace('.', '/'));
    }

    private void loss(String stage) {
        JsonNode loss = at(stage + "loss");
        if (loss.isString()) {
            String now = LOSSES.getOrDefault(loss.asString(), loss.asString());
            move(stage + "loss", stage + "loss.type", NODES.stringNode(now));
        }
        String type = at(stage + "loss.type").asString("");
        for (Key key : KEYS) {
            JsonNode value = at(stage + key.old);
            boolean unread = !type.equals(key.loss) && plain(value).equals(key.standard);
            if (unread) {
                tree = tree.without(stage + key.old);
            } else if (!value.isMissingNode()) {
                move(stage + key.old, stage + "loss." + key.now, value);
            }
        }
        divergence(stage, type);
    }

    private static String plain(JsonNode value) {
        return value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue())
                ? Long.toString((long) value.doubleValue())
                : value.asString("");
    }

    /** A weight beside next-token: the sum of both. */
    private void divergence(String stage, String type) {
        String key = stage + "teacher_kl";
        JsonNode weight = at(key);
        if (weight.isMissingNode()) {
            return;
        }
        if (plain(weight).equals("0")) {
            tree = tree.without(key);
        } else if (!type.equals("next-token") || !weight.isNumber()) {
            move(key, stage + "loss.teacher_kl", weight);
        } else {
            Origin origin = tree.origin(stage + "loss.type");
            JsonNode next = at(stage + "loss");
            ArrayNode terms = NODES.arrayNode();
            terms.addObject().set("loss", next);
            terms.addObject().putObject("loss").put("type", "kl");
            tree = tree.without(stage + "loss").set(stage + "loss.type", NODES.stringNode("sum"), origin);
            tree = tree.set(stage + "loss.terms", terms, origin);
            move(key, stage + "loss.terms.1.weight", weight);
        }
    }

    private void trains(String stage) {
        JsonNode trains = at(stage + "trains");
        String section = tree.place(stage + (at(stage + "lora").isObject() ? "lora" : "train.lora"));
        if (!at(stage + "lora").isMissingNode()) {
            leaves(stage + "lora", stage + "train.lora");
        }
        if (trains.isArray()) {
            ArrayNode groups = NODES.arrayNode();
            trains.forEach(group -> {
                if (!group.asString("").equals(Trained.LORA)) {
                    groups.add(group);
                }
            });
            boolean lora = at(stage + "train.lora").isObject();
            if (lora != (groups.size() < trains.size())) {
                throw LizardException.usage("bad value in %s: %s"
                        .formatted(
                                lora ? section : tree.place(stage + "trains"),
                                lora
                                        ? "trains does not name lora; add it there, or take the section out (lora=null)"
                                        : "lora is named: add a lora section with rank, alpha and targets"));
            }
            move(stage + "trains", stage + "train.mixer", groups);
        } else if (!trains.isMissingNode()) {
            move(stage + "trains", stage + "train.mixer", trains);
        }
        at(stage + "group_rates")
                .properties()
                .forEach(rate -> move(
                        stage + "group_rates." + rate.getKey(),
                        stage + "groups." + rate.getKey() + ".rate",
                        rate.getValue()));
        if (at(stage + "group_rates").isObject()) {
            tree = tree.without(stage + "group_rates");
        }
    }

    private void leaves(String from, String to) {
        JsonNode value = at(from);
        if (!value.isObject() || value.isEmpty()) {
            move(from, to, value);
            return;
        }
        value.properties().forEach(leaf -> leaves(from + "." + leaf.getKey(), to + "." + leaf.getKey()));
        tree = tree.without(from);
    }

    private void move(String from, String to, JsonNode value) {
        ConfigTree before = tree;
        Origin origin = tree.origin(from);
        tree = tree.without(from).set(to, value, origin);
        place = found.isEmpty() ? before.place(from) : place;
        found.add(from);
    }
}
