package dev.lizard.text;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tokens that other files of a folder add to its {@code tokenizer.json}, in the order in which transformers adds
 * them: {@code added_tokens_decoder} by id; where that is missing, {@code special_tokens_map.json} and
 * {@code added_tokens.json}; then the named tokens ({@code pad_token}) and the extra ones. Where a token is in both, what
 * the other file says of its flags wins.
 */
final class AddedTokenFiles {
    /** The named tokens that every tokenizer may have, in the order in which they are added. */
    private static final List<String> NAMES =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    private static final List<String> FLAGS = List.of("single_word", "lstrip", "rstrip", "normalized", "special");

    private final Section config;
    private final Section map;
    private final Section added;
    private final Map<String, ObjectNode> named = new LinkedHashMap<>();
    private final Map<String, ObjectNode> extra = new LinkedHashMap<>();
    private final SortedMap<Integer, Given> decoder = new TreeMap<>();

    /** A token with the id that a file gives it. */
    private record Given(ObjectNode token, Section id) {}

    /**
     * Reads them.
     *
     * @param config {@code tokenizer_config.json}; each of the three is an empty object where there is no such file
     * @param map {@code special_tokens_map.json}
     * @param added {@code added_tokens.json}
     */
    AddedTokenFiles(Section config, Section map, Section added) {
        this.config = config.object();
        this.map = map.object();
        this.added = added.object();
        // Where there is a decoder the older files are not read.
        boolean older = config.at("added_tokens_decoder").absent();
        names(NAMES, older);
        Set<String> more = new LinkedHashSet<>();
        for (String key : config.node().propertyNames()) {
            if (key.endsWith("_token")
                    && !NAMES.contains(key)
                    && config.at(key).node().isString()) {
                more.add(key);
            }
        }
        names(List.copyOf(more), false);
        extras(config);
        if (older) {
            extras(map);
            olderDecoder();
        } else {
            decoder(config.at("added_tokens_decoder").object());
        }
    }

    /** The texts of the named tokens by their names. */
    Map<String, String> named() {
        Map<String, String> texts = new LinkedHashMap<>();
        named.forEach((name, token) -> texts.put(name, token.path("content").asString("")));
        return texts;
    }

    private void names(List<String> names, boolean older) {
        for (String name : names) {
            Section section = older && !map.at(name).absent() ? map.at(name) : config.at(name);
            if (!section.absent() && !isEmpty(section)) {
                named.put(name, special(section));
            }
        }
    }

    /** Some configs say {@code ""} for a token that there is not. */
    private static boolean isEmpty(Section token) {
        return token.node().isString() && token.node().asString().isEmpty();
    }

    /** A list of tokens, or an object of named ones. */
    private void extras(Section file) {
        Section section = file.at("extra_special_tokens");
        if (section.absent() || section.node().isEmpty()) {
            section = file.at("additional_special_tokens");
        }
        if (section.absent()) {
            return;
        }
        if (section.node().isObject()) {
            for (String name : section.node().propertyNames()) {
                named.put(name, special(section.at(name)));
            }
            return;
        }
        section.list();
        for (int i = 0; i < section.node().size(); i++) {
            ObjectNode token = special(section.at(i));
            extra.putIfAbsent(token.path("content").asString(""), token);
        }
    }

    private void decoder(Section section) {
        for (String key : section.node().propertyNames()) {
            Section token = section.at(key).object();
            if (!key.matches("[0-9]{1,8}")) {
                throw token.wrong("a whole number as key", "'" + key + "'");
            }
            decoder.put(Integer.valueOf(key), new Given(token(token, false), token));
        }
    }

    private void olderDecoder() {
        for (String content : added.node().propertyNames()) {
            Section id = added.at(content);
            boolean special = extra.containsKey(content) || named().containsValue(content);
            ObjectNode token = plain(content, special);
            if (decoder.put(id.id(), new Given(token, id)) != null) {
                throw id.wrong("an id of its own", id.id() + ", which another token has too");
            }
        }
    }

    private static ObjectNode special(Section token) {
        if (token.node().isString()) {
            return plain(nonEmpty(token), true);
        }
        return token(token.object(), true);
    }

    /** A token with its flags; where it is a special one by its name, it is one whatever the flag says. */
    private static ObjectNode token(Section token, boolean special) {
        token.spells("content", "single_word", "lstrip", "rstrip", "normalized", "special", "__type", "id");
        boolean isSpecial = special || token.at("special").flagIfThere();
        ObjectNode plain = plain(nonEmpty(token.at("content")), isSpecial);
        for (String flag : FLAGS) {
            if (!token.at(flag).absent() && !flag.equals("special")) {
                plain.put(flag, token.at(flag).flag());
            }
        }
        return plain;
    }

    private static String nonEmpty(Section content) {
        if (content.text().isEmpty()) {
            throw content.wrong("a text", "an empty one");
        }
        return content.text();
    }

    private static ObjectNode plain(String content, boolean special) {
        return Tokenizers.JSON
                .createObjectNode()
                .put("content", content)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", !special)
                .put("special", special);
    }

    /**
     * {@code root} with these tokens; {@code root} itself where it has them all.
     *
     * @throws dev.lizard.base.LizardException INPUT where a file gives a token another id than it can have
     */
    JsonNode addTo(JsonNode root) {
        ModelChecks.AddedIds ids = new ModelChecks.AddedIds(ModelChecks.pieces(root));
        Map<String, ObjectNode> tokens = new LinkedHashMap<>();
        for (JsonNode token : root.path("added_tokens")) {
            String content = token.path("content").asString("");
            ids.of(content);
            tokens.put(content, (ObjectNode) token);
        }
        List<ObjectNode> before = new ArrayList<>(tokens.values());
        decoder.forEach((id, given) -> {
            String content = given.token.path("content").asString("");
            int assigned = ids.of(content);
            if (assigned != id) {
                throw given.id.wrong(
                        "id %d, which its place in the vocabulary or after it gives '%s'".formatted(assigned, content),
                        Integer.toString(id));
            }
            put(tokens, given.token, assigned);
        });
        for (Map<String, ObjectNode> more : List.of(named, extra)) {
            for (ObjectNode token : more.values()) {
                String content = token.path("content").asString("");
                if (!tokens.containsKey(content)) {
                    put(tokens, token, ids.of(content));
                }
            }
        }
        if (before.equals(List.copyOf(tokens.values()))) {
            return root;
        }
        ObjectNode whole = (ObjectNode) root.deepCopy();
        ArrayNode list = whole.putArray("added_tokens");
        tokens.values().forEach(list::add);
        return whole;
    }

    private static void put(Map<String, ObjectNode> tokens, ObjectNode token, int id) {
        ObjectNode withId = Tokenizers.JSON.createObjectNode().put("id", id);
        withId.setAll(token);
        tokens.put(token.path("content").asString(""), withId);
    }
}
