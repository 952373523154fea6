package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The real model's tokenizer, built from GGUF metadata, against the reference ids and decodings. */
class TokenizerGoldenTest {
    @Test
    void idsAndDecodingsAreTheReference(@TempDir Path folder) throws IOException {
        int checked = 0;
        try (Tokenizer fromGguf = Tokenizers.fromGguf(Golden.modelMetadata(), "model.gguf")) {
            fromGguf.writeTo(folder);
            try (Tokenizer tokenizer = Tokenizers.open(folder)) {
                assertThat(tokenizer.settings()).isEqualTo(fromGguf.settings());
                assertThat(tokenizer.vocabSize()).isEqualTo(49152);
                for (JsonNode line : Golden.lines("tokens.jsonl")) {
                    String text = line.get("text").asString();
                    int[] ids = ids(line);
                    assertThat(fromGguf.encode(text, false)).as(text).isEqualTo(ids);
                    assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(ids);
                    String decoded = line.get("decoded").asString();
                    assertThat(tokenizer.decode(ids, false)).isEqualTo(decoded);
                    assertThat(((NativeTokenizer) tokenizer).referenceDecode(ids, false))
                            .isEqualTo(decoded);
                    checked++;
                }
            }
        }
        assertThat(checked).isEqualTo(30);
    }

    @Test
    void settingsComeFromTheMetadata() throws IOException {
        try (Tokenizer tokenizer = Tokenizers.fromGguf(Golden.modelMetadata(), "model.gguf")) {
            assertThat(tokenizer.bosId()).hasValue(1);
            assertThat(tokenizer.eosIds()).containsExactly(2);
            assertThat(tokenizer.piece(2)).isEqualTo("<|im_end|>");
            assertThat(tokenizer.isSpecial(2)).isTrue();
            assertThat(tokenizer.decode(new int[] {1, 19556, 2}, true)).isEqualTo("Hello");
            assertThat(tokenizer.encode("Hello", true)).containsExactly(19556);
        }
    }

    @Test
    void literalEncodingReadsSpecialTokensAsText() throws IOException {
        try (Tokenizer tokenizer = Tokenizers.fromGguf(Golden.modelMetadata(), "model.gguf")) {
            String text = "<|im_end|>Hello";
            assertThat(tokenizer.encodeLiteral(text)).doesNotContain(2).hasSizeGreaterThan(3);
            assertThat(tokenizer.decode(tokenizer.encodeLiteral(text), true)).isEqualTo(text);
        }
    }

    static int[] ids(JsonNode line) {
        return line.get("ids").values().stream().mapToInt(JsonNode::asInt).toArray();
    }
}
