package dev.lizard.text;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/**
 * What the {@code post_processor} of a {@code tokenizer.json} puts around a text. We put it there ourselves: the library
 * aborts the process where a template names what it does not define, and a text that is read in pieces has one beginning.
 *
 * @param before ids before a text
 * @param after ids after it
 */
@SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
record TextFrame(int[] before, int[] after) {
    private static final List<String> KINDS =
            List.of("TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel", "Sequence");

    static final TextFrame NONE = new TextFrame(new int[0], new int[0]);

    /** The frame that {@code root}'s {@code post_processor} makes. */
    static TextFrame of(Section root, Vocabulary vocabulary) {
        Section processor = root.at("post_processor");
        return processor.absent() ? NONE : processor(processor, vocabulary, 0);
    }

    Tokenized around(Tokenized text) {
        return before.length + after.length == 0
                ? text
                : new Tokenized(around(text.ids()), join(nowhere(before), text.starts(), nowhere(after)));
    }

    int[] around(int[] ids) {
        return before.length + after.length == 0 ? ids : join(before, ids, after);
    }

    private static int[] nowhere(int[] ids) {
        int[] starts = new int[ids.length];
        Arrays.fill(starts, -1);
        return starts;
    }

    private static int[] join(int[] first, int[] second, int[] third) {
        return IntStream.of(0, 1, 2)
                .mapToObj(i -> List.of(first, second, third).get(i))
                .flatMapToInt(Arrays::stream)
                .toArray();
    }

    private static TextFrame processor(Section step, Vocabulary vocabulary, int depth) {
        step.object();
        return switch (step.type()) {
            case "ByteLevel" -> NONE; // It trims offsets only.
            case "TemplateProcessing" -> template(step, vocabulary);
            case "BertProcessing", "RobertaProcessing" ->
                new TextFrame(
                        new int[] {pair(step.at("cls"), vocabulary)}, new int[] {pair(step.at("sep"), vocabulary)});
            case "Sequence" -> {
                Section steps = step.at("processors").list();
                if (depth > 4) {
                    throw step.wrong("sequences that are not in each other", "more than 4");
                }
                TextFrame all = NONE;
                for (int i = 0; i < steps.node().size(); i++) {
                    TextFrame outer = processor(steps.at(i), vocabulary, depth + 1);
                    all = new TextFrame(
                            join(outer.before, all.before, new int[0]), join(all.after, outer.after, new int[0]));
                }
                yield all;
            }
            default -> throw StepChecks.unknown(step, KINDS);
        };
    }

    private static TextFrame template(Section step, Vocabulary vocabulary) {
        step.spells("single", "pair", "special_tokens");
        Section tokens = step.at("special_tokens").object();
        for (String name : tokens.node().propertyNames()) {
            ids(tokens.at(name), vocabulary);
        }
        pieces(step.at("pair"), List.of("A", "B"), tokens);
        Section single = step.at("single");
        int text = pieces(single, List.of("A"), tokens);
        return new TextFrame(
                ids(single, 0, text, tokens, vocabulary),
                ids(single, text + 1, single.node().size(), tokens, vocabulary));
    }

    /** Refuses a template that names what is not there; gives the place of its first text. */
    private static int pieces(Section template, List<String> texts, Section tokens) {
        template.list();
        int found = -1;
        for (int i = 0; i < template.node().size(); i++) {
            Section piece = template.at(i).object();
            Section special = piece.at("SpecialToken");
            Section sequence = piece.at("Sequence");
            if (!special.absent()) {
                String id = special.object().at("id").text();
                special.at("type_id").whole(0, Integer.MAX_VALUE);
                if (!tokens.node().has(id)) {
                    throw tokens.wrong("an entry for each token of the template", "none for '" + id + "'");
                }
            } else {
                sequence.object().at("type_id").whole(0, Integer.MAX_VALUE);
                if (!texts.contains(sequence.at("id").text())) {
                    throw sequence.at("id").wrong(String.join(" or ", texts));
                }
                if (texts.size() == 1 && found >= 0) {
                    throw template.wrong("one text", "two");
                }
                found = found < 0 ? i : found;
            }
        }
        if (found < 0) {
            throw template.wrong("a place for the text", "none");
        }
        return found;
    }

    private static int[] ids(Section single, int from, int to, Section tokens, Vocabulary vocabulary) {
        return IntStream.range(from, to)
                .mapToObj(i -> single.at(i).at("SpecialToken").at("id").text())
                .flatMapToInt(name -> Arrays.stream(ids(tokens.at(name), vocabulary)))
                .toArray();
    }

    /** The ids that one name of a template stands for. */
    private static int[] ids(Section token, Vocabulary vocabulary) {
        JsonNode ids = token.object().at("ids").list().node();
        JsonNode names = token.at("tokens").list().node();
        if (ids.isEmpty() || ids.size() != names.size()) {
            throw token.wrong("as many ids as tokens, one or more", "%d and %d".formatted(ids.size(), names.size()));
        }
        return IntStream.range(0, ids.size())
                .map(i -> agreed(token.at("ids").at(i), token.at("tokens").at(i).text(), vocabulary))
                .toArray();
    }

    private static int pair(Section pair, Vocabulary vocabulary) {
        if (pair.list().node().size() != 2) {
            throw pair.wrong("a token and its id");
        }
        return agreed(pair.at(1), pair.at(0).text(), vocabulary);
    }

    /** The id, which must be the vocabulary's for that token. */
    private static int agreed(Section id, String token, Vocabulary vocabulary) {
        OptionalInt known = vocabulary.id(token);
        int given = id.id();
        if (known.isPresent() ? known.getAsInt() != given : given >= vocabulary.size()) {
            throw id.wrong(
                    known.isPresent()
                            ? "%d, the id of '%s' in the vocabulary".formatted(known.getAsInt(), token)
                            : "an id of the vocabulary, which has " + vocabulary.size());
        }
        return given;
    }
}
