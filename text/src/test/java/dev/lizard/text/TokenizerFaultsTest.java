package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Faults of a {@code tokenizer.json}: the native library would abort on some, and pass over others. */
class TokenizerFaultsTest {
    private static final String UNIGRAM = """
        {'added_tokens':[],'decoder':{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'always'},
         'pre_tokenizer':{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'always','split':true},
         'model':{'type':'Unigram','unk_id':0,'vocab':[['<unk>',0.0],['\u2581',-1.0],['h',-2.0],['hello',-3.0]]}}\
        """;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // What frames a text.
                "/post_processor/special_tokens|{}|an entry for each token of the template but found none for '<s>'",
                "/post_processor/special_tokens/<s>/ids|[]|as many ids as tokens",
                "/post_processor/special_tokens/<s>/ids|[257]|expected 256, the id of '<s>'",
                "/post_processor/special_tokens/<s>/ids|[-1]|a whole number from 0",
                "/post_processor/single|[]|a place for the text",
                "/post_processor/single|[{'Sequence':{'id':'B','type_id':0}}]|single[0]/Sequence/id: expected A",
                "/post_processor/single|['$A']|single[0]: expected an object",
                "/post_processor/pair|[{'SpecialToken':{'id':'<q>','type_id':0}}]|none for '<q>'",
                "/post_processor/pair|null|pair: expected a list",
                "/post_processor|{'type':'TemplatProcessing'}|did you mean 'TemplateProcessing'?",
                "/post_processor|{'type':'BertProcessing','sep':['</s>',256],'cls':['<s>',256]}|expected 257",
                "/post_processor|3|post_processor: expected an object",
                // Numbers.
                "/model/vocab/a|172147483647|a whole number from 0",
                "/model/vocab/a|-1|a whole number from 0",
                "/model/vocab/a|1.5|a whole number from 0",
                "/model/vocab/a|'7'|a whole number from 0",
                "/model/vocab/a|null|a whole number from 0",
                "/model/vocab/a|98|98, which another piece has too",
                "/model/vocab/a|16000000|a whole number from 0 to 66",
                "/added_tokens/0/id|4294967296|added_tokens[0]/id: expected a whole number",
                "/added_tokens/0/id|300|added_tokens[0]/id: expected 256",
                "/added_tokens/0/content|''|a text but found an empty one",
                "/added_tokens/0/lstrip|'yes'|lstrip: expected true or false",
                "/added_tokens|{}|added_tokens: expected a list",
                // The model.
                "/model/type|'BPEE'|did you mean 'BPE'?",
                "/model/vocab|[]|vocab: expected an object",
                "/model/merges|null|merges: expected a list",
                "/model/merges|[['t','qq']]|pieces of the vocabulary, also when joined but found 't' and 'qq'",
                "/model/merges|['t']|merges[0]: expected two pieces",
                "/model/continuing_subword_prefix|'##'|pieces of the vocabulary",
                "/model/dropout|0.1|expected null: with another value the same text has other tokens",
                "/model/byte_fallback|'no'|true or false",
                "/model|[]|model: expected an object",
                // Steps.
                "/normalizer|{'type':'NFX'}|unknown type in",
                "/normalizer|{'type':'Prepend','prepend':''}|prepend: expected a text but found an empty one",
                "/normalizer|{'type':'Replace','pattern':{'String':''},'content':'b'}|a text but found an empty one",
                "/normalizer|{'type':'Replace','pattern':{'Regex':'a*'},'content':'b'}|unsafe pattern",
                "/normalizer|{'type':'Replace','pattern':{'Regex':'('},'content':'b'}|unsafe pattern",
                "/normalizer|{'type':'Replace','pattern':{'Regex':3},'content':'b'}|Regex: expected a text",
                "/normalizer|{'type':'Replace','patern':{'String':' '},'content':'b'}|did you mean 'pattern'?",
                "/normalizer|{'type':'Precompiled','precompiled_charsmap':'AAAA'}|a map with the size of its trie",
                "/normalizer|{'type':'Precompiled','precompiled_charsmap':'!'}|base64",
                "/normalizer|{'type':'Precompiled','precompiled_charsmap':'BAAAAAAAAAAA'}|a trie within its bounds",
                "/normalizer|{'type':'Precompiled'}|precompiled_charsmap: expected a text but found nothing",
                "/pre_tokenizer|{'type':'FixedLength','length':0}|length: expected a whole number from 1",
                "/pre_tokenizer|{'type':'Split','pattern':{'Regex':'(h+h*)+l$'},'behavior':'Isolated','invert':false}"
                        + "|pattern/Regex: expected an expression whose time to match is known to be bounded",
                "/pre_tokenizer|{'type':'Sequence','pretokenizers':{}}|pretokenizers: expected a list",
                "/pre_tokenizer|{'type':'Sequence','pretokenizers':['x']}|pretokenizers[0]: expected an object",
                "/decoder|null|unsupported decoder",
                "/decoder|{'type':'ByteLevl'}|did you mean 'ByteLevel'?",
                "/decoder|{'type':'Metaspace','replacement':'_'}|as SentencePiece has it",
                "/decoder|{'type':'Sequence','decoders':[{'type':'Replace','pattern':{'Regex':'a'},'content':' '}]}"
                        + "|pattern/String: expected a text but found nothing",
            })
    void everyFaultIsOneLine(String pointer, String value, String line) {
        ObjectNode root = TinyTokenizer.json();
        set(root, pointer, Tokenizers.JSON.readTree(value.replace('\'', '"')));
        assertFault(root.toString(), line);
    }

    @Test
    void deepSequencesAreRefused() {
        ObjectNode root = TinyTokenizer.json();
        root.set("decoder", deep("decoders"));
        assertFault(root.toString(), "expected at most 40 levels");
        root.set("decoder", TinyTokenizer.json().path("decoder"));
        root.set("normalizer", deep("normalizers"));
        assertFault(root.toString(), "x.json/normalizer");
    }

    private static JsonNode deep(String key) {
        JsonNode step = Tokenizers.JSON.createObjectNode().put("type", "NFC");
        for (int i = 0; i < 60; i++) {
            ObjectNode around = Tokenizers.JSON.createObjectNode().put("type", "Sequence");
            around.putArray(key).add(step);
            step = around;
        }
        return step;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'unk_id':0|'unk_i4':0|did you mean 'unk_id'?",
                "'unk_id':0|'unk_id':9|unk_id: expected a whole number from 0 to 3",
                "['h',-2.0]|['h']|vocab[2]: expected a piece and its finite score",
                "['h',-2.0]|['h',1e999]|vocab[2]: expected a piece and its finite score",
                "['h',-2.0]|['hello',-2.0]|'hello' again",
                "['h',-2.0]|[7,-2.0]|vocab[2]: expected a piece and its finite score",
            })
    void unigramModelsToo(String right, String wrong, String line) {
        assertFault(UNIGRAM.replace(right, wrong).replace('\'', '"'), line);
    }

    @Test
    void longPiecesOfUnigramModelsAreRefused() {
        assertFault(
                UNIGRAM.replace("hello", "h".repeat(60_000)).replace('\'', '"'),
                "vocab[3]: expected a piece of at most 250 characters but found 60000 of them");
    }

    @Test
    void aTextThatAModelCannotSpellIsAFaultOfItsFile() {
        String json = UNIGRAM.replace("'unk_id':0,", "").replace('\'', '"');
        try (Tokenizer tokenizer = Tokenizers.fromJson(json, TokenizerSettings.none(), "x.json")) {
            assertThat(tokenizer.encode("h", true)).containsExactly(1, 2);
            assertThatThrownBy(() -> tokenizer.encode("hello \u00e9", true))
                    .isInstanceOf(LizardException.class)
                    .hasMessageContainingAll("x.json", "unk_id", "use the model's own tokenizer files");
        }
    }

    @Test
    void framesComeFromAnyProcessor() {
        assertFrame("{'type':'BertProcessing','sep':['</s>',257],'cls':['<s>',256]}", 256, 'a', 257);
        assertFrame(
                "{'type':'RobertaProcessing','sep':['</s>',257],'cls':['<s>',256],"
                        + "'trim_offsets':true,'add_prefix_space':true}",
                256,
                'a',
                257);
        assertFrame("{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}", 'a');
        assertFrame("null", 'a');
        String template = TinyTokenizer.json().path("post_processor").toString();
        assertFrame("{'type':'Sequence','processors':[" + template + "," + template + "]}", 256, 256, 'a');
    }

    private static void assertFrame(String processor, int... ids) {
        ObjectNode root = TinyTokenizer.json();
        root.set("post_processor", Tokenizers.JSON.readTree(processor.replace('\'', '"')));
        try (Tokenizer tokenizer = Tokenizers.fromJson(root.toString(), TokenizerSettings.none(), "x.json")) {
            assertThat(tokenizer.encode("a", true)).containsExactly(ids);
            assertThat(tokenizer.encodeWithOffsets("a", true).ids()).containsExactly(ids);
            assertThat(tokenizer.encode("a", false)).containsExactly('a');
        }
    }

    private static void assertFault(String json, String line) {
        assertThatThrownBy(() -> Tokenizers.fromJson(json, TokenizerSettings.none(), "x.json")
                        .close())
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessageContaining(line)
                .hasMessageContaining("x.json")
                .hasMessageNotContaining("\n");
    }

    private static void set(ObjectNode root, String pointer, JsonNode value) {
        int slash = pointer.lastIndexOf('/');
        String key = pointer.substring(slash + 1);
        JsonNode parent = root.at(pointer.substring(0, slash));
        if (parent instanceof ArrayNode array) {
            array.set(Integer.parseInt(key), value);
        } else {
            ((ObjectNode) parent).set(key, value);
        }
    }

    @Test
    void anAddedTokenThatTheLibraryWouldTakeLongOverIsRefused() {
        String token = "{\"id\":256,\"content\":\"%s\",\"special\":true}".formatted("ab".repeat(3_000));
        String json = ByteTokenizer.json(java.util.List.of())
                .replace("\"added_tokens\":[]", "\"added_tokens\":[" + token + "]");
        assertThatThrownBy(() -> Tokenizers.fromJson(json, TokenizerSettings.none(), "t.json"))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("t.json/added_tokens")
                .hasMessageContaining("at most 1,000 characters but found 6000");
    }
}
