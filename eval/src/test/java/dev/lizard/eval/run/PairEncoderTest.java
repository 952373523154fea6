package dev.lizard.eval.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.eval.run.PairEncoder.Pair;
import dev.lizard.eval.task.Request.Candidate;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.TokenizerSettings;
import dev.lizard.text.Tokenizers;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class PairEncoderTest {
    private static Pair encode(Tokenizer tokenizer, String prompt, String continuation) {
        return new PairEncoder(tokenizer)
                .encode(List.of(new Candidate(prompt, continuation)))
                .getFirst();
    }

    private static int[] bytes(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return IntStream.range(0, bytes.length).map(i -> bytes[i] & 255).toArray();
    }

    @Test
    void spacesAtThePromptsEndGoWithTheContinuation() {
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of())) {
            Pair pair = encode(tokenizer, "Ada \n", "won");
            assertThat(pair.ids()).containsExactly(bytes("Ada \nwon"));
            assertThat(pair.from()).isEqualTo(3);
        }
    }

    /** The token that joins both belongs to the continuation only where the prompt's own tokens leave one over. */
    @Test
    void whatIsMergedAcrossTheBorderIsDividedAsTheHarnessDoes() {
        ObjectNode root = (ObjectNode) Json.MAPPER.readTree(ByteTokenizer.json(List.of("<|end|>")));
        ((ObjectNode) root.at("/model/vocab")).put("ab", 257);
        root.withArray("/model/merges").add("a b");
        try (Tokenizer tokenizer =
                Tokenizers.fromJson(root.toString(), TokenizerSettings.ofEos(256), "the tests' tokenizer")) {
            // together x | ab | c; the prompt alone x | a: two tokens of the whole are the prompt's.
            Pair pair = encode(tokenizer, "xa", "bc");
            assertThat(pair.ids()).containsExactly('x', 'a', 'c');
            assertThat(pair.from()).isEqualTo(2);
            Pair merged = encode(tokenizer, "xa", "b");
            assertThat(merged.ids()).containsExactly('x', 'a', 257);
            assertThat(merged.from()).isEqualTo(2);
        }
    }

    @Test
    void whatTheTokenizerPutsBeforeATextComesFirst() {
        ObjectNode root = (ObjectNode) Json.MAPPER.readTree(ByteTokenizer.json(List.of("<s>", "</s>")));
        root.set("post_processor", Json.MAPPER.readTree("""
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                        {"SpecialToken": {"id": "</s>", "type_id": 0}}],
             "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
             "special_tokens": {"<s>": {"id": "<s>", "ids": [256], "tokens": ["<s>"]},
                                "</s>": {"id": "</s>", "ids": [257], "tokens": ["</s>"]}}}\
            """));
        try (Tokenizer tokenizer =
                Tokenizers.fromJson(root.toString(), TokenizerSettings.ofEos(257), "the tests' tokenizer")) {
            Pair pair = encode(tokenizer, "a", " b");
            assertThat(pair.ids()).containsExactly(256, 'a', ' ', 'b');
            assertThat(pair.from()).isEqualTo(2);
            assertThat(encode(tokenizer, "", "b").ids()).containsExactly(256, 'b');
            assertThat(new PairEncoder(tokenizer).prompt("ab")).containsExactly(256, 'a', 'b');
        }
    }

    @Test
    void anEmptyPromptIsTheTokenThatEndsATextOrRefused() {
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of("<|end|>"))) {
            Pair pair = encode(tokenizer, "", "ab");
            assertThat(pair.ids()).containsExactly(256, 'a', 'b');
            assertThat(pair.from()).isOne();
        }
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of())) {
            assertThatThrownBy(() -> encode(tokenizer, "", "ab"))
                    .hasMessage("an empty prompt cannot be asked of this model: expected a token that begins or ends a"
                            + " text in its tokenizer but found neither; give the task a prompt");
        }
    }
}
