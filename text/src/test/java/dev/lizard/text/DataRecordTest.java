package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.util.List;
import org.junit.jupiter.api.Test;

class DataRecordTest {
    private static final String AT = "d.jsonl:7";

    @Test
    void aNullIsNoValue() {
        assertThat(parse("{'text': 't', 'prompt': null, 'messages': null, 'instruction': null, 'output': 'o'}"))
                .isEqualTo(text("t"));
        assertThat(parse("{'prompt': null, 'instruction': 'i', 'input': null, 'output': 'o', 'text': null}"))
                .isEqualTo(instruction("i", "", "o"));
        assertThat(parse("{'prompt': 'p', 'completion': null, 'response': 'r', 'chosen': null}"))
                .isEqualTo(pair("p", "r"));
        assertThat(parse("{'text': 'first', 'text': null, 'content': 'c'}")).isEqualTo(text("c"));
    }

    @Test
    void keysOfIncompleteKindsOrOtherTypesDoNotMatter() {
        assertThat(parse("{'text': 't', 'prompt': 'p', 'question': 'q', 'instruction': 'i'}"))
                .isEqualTo(text("t"));
        assertThat(parse("{'messages': 'none', 'conversations': [], 'prompt': 3, 'response': 4, 'text': 't'}"))
                .isEqualTo(text("t"));
        assertThat(parse("{'question': 'q', 'answer': 2, 'context': {'a': 1}, 'response': 'r', 'content': 'c'}"))
                .isEqualTo(instruction("q", "", "r"));
    }

    @Test
    void theFirstCompleteKindIsTaken() {
        String rest = "'prompt': 'p', 'response': 'r', 'instruction': 'i', 'output': 'o', 'text': 't', 'content': 'c'";
        assertThat(parse("{" + rest + "}")).isEqualTo(instruction("i", "", "o"));
        assertThat(parse("{" + rest + ", 'messages': [{'role': 'user', 'content': 'hi'}]}"))
                .isEqualTo(chat(0, "user", "hi"));
        assertThat(parse("{'content': 'c', 'text': 't'}")).isEqualTo(text("t"));
    }

    @Test
    void instructionsMayHaveAnInputOrAContext() {
        assertThat(parse("{'instruction': 'i', 'context': 'c', 'response': 'r', 'category': 'x'}"))
                .isEqualTo(instruction("i", "c", "r"));
        assertThat(parse("{'instruction': 'i', 'input': '', 'context': 'c', 'output': 'o'}"))
                .isEqualTo(instruction("i", "c", "o"));
        assertThat(parse("{'instruction': 'i', 'input': 'n', 'context': 'c', 'output': 'o'}"))
                .isEqualTo(instruction("i", "n", "o"));
        assertThat(parse("{'question': 'q', 'context': 'c', 'answer': 'a'}")).isEqualTo(instruction("q", "c", "a"));
        assertThat(parse("{'query': 'q', 'response': 'a'}")).isEqualTo(instruction("q", "", "a"));
    }

    @Test
    void shareGptIsAConversation() {
        assertThat(parse(
                        "{'id': 1, 'conversations': [{'from': 'system', 'value': 's'}, {'from': 'human', 'value': 'h'},"
                                + " {'from': 'gpt', 'value': 'g'}, {'from': 'tool', 'value': 't'}]}"))
                .isEqualTo(chat(0, "system", "s", "user", "h", "assistant", "g", "tool", "t"));
        assertThat(parse("{'system': 's', 'conversations': [{'from': 'human', 'value': 'h'}]}"))
                .isEqualTo(chat(0, "system", "s", "user", "h"));
        assertThat(parse("{'conversation': [{'role': 'user', 'content': 'h'}]}"))
                .isEqualTo(chat(0, "user", "h"));
        refused(
                "{'conversations': [{'from': 'human', 'value': 'h'}, {'from': 'alien', 'value': 'g'}]}",
                "bad record in d.jsonl:7/conversations[1]/from: expected 'human', 'gpt', 'system' or 'tool'"
                        + " but found 'alien'; mend or remove the record");
    }

    @Test
    void promptsAndAnswersMayBeListsOfMessages() {
        String prompt = "'prompt': [{'role': 'user', 'content': 'a'}, {'role': 'assistant', 'content': 'b'},"
                + " {'role': 'user', 'content': 'c'}]";
        assertThat(parse("{" + prompt + ", 'completion': [{'role': 'assistant', 'content': 'd'}]}"))
                .isEqualTo(chat(3, "user", "a", "assistant", "b", "user", "c", "assistant", "d"));
        assertThat(parse("{" + prompt + ", 'completion': 'd'}"))
                .isEqualTo(chat(3, "user", "a", "assistant", "b", "user", "c", "assistant", "d"));
        assertThat(parse("{'prompt': 'a', 'completion': [{'role': 'assistant', 'content': 'd'}]}"))
                .isEqualTo(chat(1, "user", "a", "assistant", "d"));
        refused("{" + prompt + "}", "d.jsonl:7/completion", "a string", "nothing");
    }

    @Test
    void ofPreferencesTheChosenAnswerIsLearnt() {
        String turns = "[{'role': 'user', 'content': 'a'}, {'role': 'assistant', 'content': 'b'}]";
        assertThat(parse("{'prompt': 'p', 'chosen': 'c', 'rejected': 'r'}")).isEqualTo(pair("p", "c"));
        assertThat(parse("{'prompt': 'a', 'chosen': " + turns + ", 'rejected': []}"))
                .isEqualTo(chat(1, "user", "a", "assistant", "b"));
        assertThat(parse("{'chosen': " + turns + ", 'rejected': " + turns + "}"))
                .isEqualTo(chat(1, "user", "a", "assistant", "b"));
        assertThat(parse("{'chosen': 'whole', 'rejected': 'r'}")).isEqualTo(text("whole"));
    }

    @Test
    void keysThatNobodyNeedsMayHoldWhatPythonWrites() {
        String long_ = "9".repeat(20_000);
        assertThat(parse("{'a': NaN, 'b': [Infinity, -Infinity], 'c': %s, 'd': -1e99999, 'text': 't', 'e': '\\ud800'}"
                        .formatted(long_)))
                .isEqualTo(text("t"));
        assertThat(parse("{'k': %s1%s, 'text': 't'}".formatted("[".repeat(900), "]".repeat(900))))
                .isEqualTo(text("t"));
        assertThat(parse("{'%s': '%s', 'text': 't'}".formatted("k".repeat(100_000), "v".repeat(30_000_000))))
                .isEqualTo(text("t"));
        assertThat(parse("{'text': '\\ud800 \\u0000'}")).isEqualTo(text("\ud800 \0"));
        refused(
                "{'k': %s1%s, 'text': 't'}".formatted("[".repeat(5_000), "]".repeat(5_000)),
                "bad record in d.jsonl:7: expected at most 1,000 brackets within each other but found more;");
    }

    @Test
    void messagesSayWhatWasFoundInPlainWords() {
        refused("{'text': 1}", "bad record in d.jsonl:7/text: expected a string but found a number; mend or remove");
        refused("{'text': {}}", "but found an object");
        refused("{'text': ['a']}", "but found an array");
        refused("{'text': true}", "but found a boolean");
        refused("{'messages': 'm'}", "d.jsonl:7/messages: expected a list of messages but found a text");
        refused("{'messages': []}", "but found an empty list");
        refused("{'text': null}", "unknown record", "found 'text'; give 'text' a value that is not null");
        refused("{}", "found no key");
        refused("{'role': 'user', 'content': 'c'}", "expected a conversation under 'messages'");
        refused("[1]", "expected a JSON object but found an array");
        refused("NaN", "expected a JSON object but found a number");
        refused("{'text': 't'} {'text': 'u'}", "expected one JSON object a line but found more after it");
        refused("{'text': 't',", "bad JSON in d.jsonl:7", "found: Unexpected end-of-input within");
        refused("{'a': [1, {'text': }]}", "bad JSON in d.jsonl:7");
        refused("{'a': [1, {]}", "bad JSON in d.jsonl:7");
        refused("{'a': tru}", "bad JSON in d.jsonl:7");
        refused("{'a': 01}", "bad JSON in d.jsonl:7");
    }

    private static DataRecord.Chat chat(int given, String... rolesAndContents) {
        List<Message> messages = new java.util.ArrayList<>();
        for (int i = 0; i < rolesAndContents.length; i += 2) {
            messages.add(new Message(rolesAndContents[i], rolesAndContents[i + 1]));
        }
        return new DataRecord.Chat(messages, given, java.util.Map.of());
    }

    private static DataRecord text(String text) {
        return new DataRecord.Text(Passage.of(text));
    }

    private static DataRecord instruction(String instruction, String input, String output) {
        return new DataRecord.Instruction(Passage.of(instruction), Passage.of(input), Passage.of(output));
    }

    private static DataRecord pair(String prompt, String answer) {
        return new DataRecord.Pair(Passage.of(prompt), Passage.of(answer));
    }

    private static DataRecord parse(String json) {
        return DataRecord.parse(json.replace('\'', '"'), AT);
    }

    private static void refused(String json, String... parts) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOfSatisfying(LizardException.class, e -> {
                    assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT);
                    assertThat(e.getMessage().replaceAll("'null', 'true' or 'false'", ""))
                            .doesNotContainPattern("[A-Z]{4,}(?<!JSON)|Token|Feature|Source|tools\\.")
                            .doesNotContain("\n");
                })
                .hasMessageContainingAll(parts);
    }
}
