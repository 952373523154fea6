package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokens that only the files beside {@code tokenizer.json} know; the ids are those that transformers 5 gives. */
class AddedTokenFilesTest {
    private static final String CONFIG = "tokenizer_config.json";
    private static final int X = 'x';
    private static final int[] SPELT = {'<', 'x', '>'};

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tokenizer_config.json|{'added_tokens_decoder':{'260':{'content':'<x>','special':true}}}",
                "tokenizer_config.json|{'added_tokens_decoder':{'260':{'content':'<x>','special':false}}}",
                "added_tokens.json|{'<x>':260}",
                "tokenizer_config.json|{'pad_token':'<x>'}",
                "tokenizer_config.json|{'pad_token':{'content':'<x>','lstrip':false}}",
                "tokenizer_config.json|{'pad_token':{'__type':'AddedToken','content':'<x>'}}",
                "tokenizer_config.json|{'image_token':'<x>'}",
                "tokenizer_config.json|{'additional_special_tokens':['<x>']}",
                "tokenizer_config.json|{'extra_special_tokens':['<x>']}",
                "tokenizer_config.json|{'extra_special_tokens':{'boi_token':'<x>'}}",
                "special_tokens_map.json|{'pad_token':'<x>'}",
                "special_tokens_map.json|{'mask_token':{'content':'<x>'}}",
                "special_tokens_map.json|{'additional_special_tokens':['<x>']}",
            })
    void aTokenOfAnotherFileIsFoundInTexts(String file, String text) throws IOException {
        TinyTokenizer.folder(folder, file, text.replace('\'', '"'));
        assertThat(TinyTokenizer.encode(folder, "a<x>b")).containsExactly('a', TinyTokenizer.FREE, 'b');
    }

    @Test
    void theOrderIsThatOfTransformers() throws IOException {
        TinyTokenizer.folder(folder, CONFIG, """
            {"pad_token": "<p>", "added_tokens_decoder": {"261": {"content": "<y>"}, "260": {"content": "<x>"}},
             "additional_special_tokens": ["<q>"], "eos_token": "the"}\
            """);
        assertThat(TinyTokenizer.encode(folder, "<x><y><p><q>")).containsExactly(260, 261, 262, 263);
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.eosIds())
                    .as("a piece of the vocabulary keeps its id")
                    .containsExactly(259);
            assertThat(tokenizer.isSpecial(259)).isTrue();
            assertThat(tokenizer.isSpecial(260)).isFalse();
            assertThat(tokenizer.isSpecial(262)).isTrue();
            assertThat(tokenizer.settings().named()).containsEntry("pad_token", "<p>");
            assertThat(tokenizer.vocabSize()).isEqualTo(264);
        }
    }

    @Test
    void flagsOfTheConfigWin() throws IOException {
        TinyTokenizer.folder(
                folder,
                CONFIG,
                "{\"added_tokens_decoder\": {\"256\": {\"content\": \"<s>\", \"lstrip\": true, \"special\": true}}}");
        assertThat(TinyTokenizer.encode(folder, "a  <s>b")).containsExactly('a', 256, 'b');
    }

    @Test
    void olderFilesAreNotReadBesideADecoderAndWinOverTheConfigWithoutOne() throws IOException {
        TinyTokenizer.folder(
                folder,
                CONFIG,
                "{\"added_tokens_decoder\": {}, \"pad_token\": \"<p>\"}",
                "special_tokens_map.json",
                "{\"pad_token\": \"<x>\"}");
        assertThat(TinyTokenizer.encode(folder, "<x>")).containsExactly(SPELT);
        TinyTokenizer.folder(folder, CONFIG, "{\"pad_token\": \"<p>\"}");
        assertThat(TinyTokenizer.encode(folder, "<x>")).containsExactly(TinyTokenizer.FREE);
        assertThat(TinyTokenizer.encode(folder, "<p>")).containsExactly('<', 'p', '>');
    }

    @Test
    void nothingToAddLeavesTheFileAsItIs() throws IOException {
        TinyTokenizer.folder(folder, CONFIG, "{\"bos_token\": \"<s>\", \"pad_token\": null, \"unk_token\": \"\"}");
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.json()).isEqualTo(TinyTokenizer.json().toString());
            assertThat(tokenizer.bosId()).hasValue(256);
        }
    }

    @Test
    void whatWasAddedIsWrittenWithTheTokenizer(@TempDir Path copy) throws IOException {
        TinyTokenizer.folder(folder, "added_tokens.json", "{\"<x>\": 260}", CONFIG, "{\"pad_token\": \"<p>\"}");
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            tokenizer.writeTo(copy);
            try (Tokenizer again = Tokenizers.open(copy)) {
                assertThat(again.encode("<x>x<p>", true)).containsExactly(256, 260, X, 261);
                assertThat(again.sha256()).isEqualTo(tokenizer.sha256());
                assertThat(again.settings().named()).containsEntry("pad_token", "<p>");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tokenizer_config.json|{'added_tokens_decoder':{'265':{'content':'<x>'}}}|decoder/265: expected id 260",
                "tokenizer_config.json|{'added_tokens_decoder':{'5':{'content':'<x>'}}}|expected id 260",
                "tokenizer_config.json|{'added_tokens_decoder':{'300':{'content':'the'}}}|expected id 259",
                "tokenizer_config.json|{'added_tokens_decoder':{'x':{'content':'<x>'}}}|a whole number as key",
                "tokenizer_config.json|{'added_tokens_decoder':{'260':'<x>'}}|decoder/260: expected an object",
                "tokenizer_config.json|{'added_tokens_decoder':{'260':{'contents':'<x>'}}}|did you mean 'content'?",
                "tokenizer_config.json|{'added_tokens_decoder':{'260':{}}}|260/content: expected a text",
                "tokenizer_config.json|{'added_tokens_decoder':{'260':{'content':'<x>','lstrip':1}}}|lstrip: expected"
                        + " true",
                "tokenizer_config.json|{'added_tokens_decoder':[]}|added_tokens_decoder: expected an object",
                "tokenizer_config.json|{'pad_token':3}|pad_token: expected an object",
                "tokenizer_config.json|{'additional_special_tokens':'<x>'}|additional_special_tokens: expected a list",
                "tokenizer_config.json|{'additional_special_tokens':[null]}|additional_special_tokens[0]",
                "tokenizer_config.json|[]|tokenizer_config.json: expected an object",
                "tokenizer_config.json|{'chat_template':3}|chat_template: expected a list",
                "added_tokens.json|{'<x>':'260'}|added_tokens.json/<x>: expected a whole number",
                "added_tokens.json|{'<x>':4294967296}|added_tokens.json/<x>: expected a whole number",
                "added_tokens.json|{'<x>':260,'<y>':260}|which another token has too",
                "special_tokens_map.json|{'pad_token':{'content':''}}|pad_token/content: expected a text",
            })
    void contradictionsAreNamed(String file, String text, String line) throws IOException {
        TinyTokenizer.folder(folder, file, text.replace('\'', '"'));
        assertThatThrownBy(() -> Tokenizers.open(folder))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessageContaining(line)
                .hasMessageContaining(folder.resolve(file).toString());
    }

    @Test
    void templatesComeFromAnyOfTheirFiles() throws IOException {
        TinyTokenizer.folder(folder, "chat_template.json", "{\"chat_template\": \"J\"}");
        assertTemplate("J");
        TinyTokenizer.folder(
                folder,
                CONFIG,
                "{\"chat_template\": [{\"name\": \"default\", \"template\": \"D\"}, {\"name\": \"t\"}]}");
        assertTemplate("D");
        TinyTokenizer.folder(folder, CONFIG, "{\"chat_template\": \"C\"}");
        assertTemplate("C");
        TinyTokenizer.folder(folder, "chat_template.jinja", "F");
        assertTemplate("F");
    }

    private void assertTemplate(String template) {
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.settings().chatTemplate()).contains(template);
        }
    }

    @Test
    void theOlderFormOfAByteLevelTokenizerIsRead() throws IOException {
        StringBuilder vocab = new StringBuilder("{");
        List<String> pieces = new java.util.ArrayList<>();
        TinyTokenizer.json().path("model").path("vocab").propertyNames().forEach(pieces::add);
        pieces.set(256, "<|endoftext|>");
        for (int id = 0; id < pieces.size(); id++) {
            vocab.append(id == 0 ? "" : ",")
                    .append(dev.lizard.base.Json.line(pieces.get(id)))
                    .append(':')
                    .append(id);
        }
        java.nio.file.Files.writeString(folder.resolve("vocab.json"), vocab + "}");
        java.nio.file.Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\nt h\nth e\n");
        java.nio.file.Files.writeString(folder.resolve(CONFIG), "{\"tokenizer_class\": \"GPT2Tokenizer\"}");
        assertThat(TinyTokenizer.encode(folder, "the<|endoftext|>12")).containsExactly(259, 256, '1', '2');
        java.nio.file.Files.writeString(folder.resolve(CONFIG), "{\"tokenizer_class\": \"CodeGenTokenizer\"}");
        assertThatThrownBy(() -> Tokenizers.open(folder))
                .hasMessageContainingAll("tokenizer_class", "GPT2Tokenizer", "\"CodeGenTokenizer\"");
    }
}
