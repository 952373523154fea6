package dev.lizard.text.grammar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class GrammarTest {
    private static final byte[][] BYTES = bytes();

    private static final byte[] SIGNS = "{}[]\",:\\ue0123.-truefalsn日é \n".getBytes(UTF_8);

    private static byte[][] bytes() {
        byte[][] all = new byte[256][];
        for (int b = 0; b < 256; b++) {
            all[b] = new byte[] {(byte) b};
        }
        return all;
    }

    /** Single bytes, and pieces of JSON as tokenizers have them. */
    private static TokenBytes vocabulary(Random random) {
        List<byte[]> all = new ArrayList<>(List.of(BYTES));
        for (String piece : List.of(
                "{\"",
                "\":",
                "\": ",
                ", \"",
                "},",
                "}}",
                "]]",
                "[[",
                "{}",
                "[]",
                "\",\"",
                "true",
                "null",
                "12",
                "0.5",
                "\\u",
                "e-",
                "é",
                "日本",
                "\n    ",
                "\":\"",
                "\"}",
                "name",
                "a\",\"b\":")) {
            all.add(piece.getBytes(UTF_8));
        }
        for (int i = 0; i < 300; i++) {
            byte[] bytes = new byte[2 + random.nextInt(4)];
            for (int j = 0; j < bytes.length; j++) {
                bytes[j] = SIGNS[random.nextInt(SIGNS.length)];
            }
            all.add(bytes);
        }
        all.add(new byte[0]); // a control token
        return new TokenBytes(all.toArray(byte[][]::new));
    }

    private static JsonNode json(String text) {
        return Json.MAPPER.readTree(text.replace('\'', '"'));
    }

    private static Grammar schema(String text) {
        return Grammar.of(json(text), "schema");
    }

    private static boolean accepts(Grammar grammar, String text) {
        Grammar.Cursor cursor = grammar.begin(new TokenBytes(BYTES));
        for (byte b : text.replace('\'', '"').getBytes(UTF_8)) {
            if (!cursor.allowed(Integer.MAX_VALUE).get(b & 0xFF)) {
                return false;
            }
            cursor.take(b & 0xFF);
        }
        return cursor.mayEnd();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                " {'a': 1}",
                "{'a':[1, 2,{'b':null}],\n  'c':'x\\n\\u00e9é日'}",
                "{'a': -0.5e-3, 'b': true,'c':[]}",
                "{'a': {'a': {'a': [[],[{}]]}}}",
                "{'': ''}"
            })
    void anObjectIsWhatJsonSays(String text) {
        assertThat(accepts(Grammar.object(), text)).isTrue();
        assertThat(json(text).isObject()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "1",
                "{",
                "{'a'}",
                "{'a':}",
                "{'a':1,}",
                "{,}",
                "{'a':01}",
                "{'a':1.}",
                "{'a':+1}",
                "{'a':.5}",
                "{'a':'\\x'}",
                "{'a':'\\ud800'}",
                "{'a':1,'a':2}",
                "{'a':tru}",
                "{'a':nul,'b':1}",
                "{}{}",
                "{'a':[1,]}",
                "{'a':'\t'}",
                "{'a':1e}",
                "{a:1}"
            })
    void andNothingElse(String text) {
        assertThat(accepts(Grammar.object(), text)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'type':'string'}                                             | 'x'             | 1",
                "{'type':'integer'}                                            | -12             | 1.5",
                "{'type':'number'}                                             | 1.5e3           | '1'",
                "{'type':['string','null']}                                    | null            | true",
                "{'type':'boolean'}                                            | false           | null",
                "{'enum':['a','ab',1,12,null]}                                 | 'ab'            | 'b'",
                "{'enum':['a','ab',1,12,null]}                                 | 12              | 13",
                "{'const':{'x':[1]}}                                           | {'x':[1]}       | {'x':[2]}",
                "{'type':'array','items':{'type':'integer'}}                   | [1, 2]          | [1,'a']",
                "{'type':'array','items':{'anyOf':[{'type':'integer'},{'type':'number'}]}} | [1, 2.5, 3] | [true]",
                "{'type':'object','properties':{'a':{'type':'integer'},'b':{}},'required':['b']} | {'b': []} | {'a':1}",
                "{'type':'object','properties':{'a':{'type':'integer'},'b':{}},'required':['b']} | {'a':1,'b':1} |"
                        + " {'b':1,'b':2}",
                "{'type':'object','properties':{'a':{'type':'integer'},'b':{}}} | {'a': 1}        | {,'b':1}",
                "{'type':'object','additionalProperties':{'type':'integer'}}   | {'x':1,'y':2}   | {'x':'1'}",
                "{'type':'object','additionalProperties':false}                | {}              | {'x':1}",
                "{'$ref':'#/$defs/A','$defs':{'A':{'type':'array','items':{'$ref':'#/$defs/B'}},'B':{'const':1}}} |"
                        + " [1,1] | [2]",
            })
    void aSchemaIsKept(String schema, String right, String wrong) {
        assertThat(accepts(schema(schema), right)).isTrue();
        assertThat(accepts(schema(schema), wrong)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'type':'string','pattern':'a+'}              | schema/pattern        | anyOf, const, enum, items",
                "{'type':'integer','minimum':3}                | schema/minimum        | found minimum",
                "{'properties':{'a':{'minLength':1}}}          | schema/properties/a/minLength | found minLength",
                "{'oneOf':[{}]}                                | schema/oneOf          | found oneOf",
                "{'type':'text'}                               | schema/type           | found \"text\"",
                "{'type':7}                                    | schema/type           | found 7",
                "{'items':7,'type':'array'}                    | schema/items          | a schema but found a number",
                "{'enum':[]}                                   | schema/enum           | 1 to 2000 values but found 0",
                "{'enum':7}                                    | schema/enum           | a list but found a number",
                "{'required':['b'],'properties':{'a':{}},'type':'object'} | schema/required | found 'b'",
                "{'properties':[]}                             | schema/properties     | an object but found an array",
                "{'$ref':'http://x/y'}                         | schema/$ref           | #/$defs/NAME",
                "{'$ref':'#/$defs/A','$defs':{'A':{'items':{'$ref':'#/$defs/A'},'type':'array'}}} | schema/ |"
                        + " recursion",
                "{'anyOf':[]}                                  | schema                | 1 to 64 alternatives",
                "7                                             | schema                | a schema but found a number",
            })
    void whatCannotBeKeptIsRefusedByItsPlace(String schema, String where, String told) {
        assertThatThrownBy(() -> schema(schema))
                .isInstanceOf(LizardException.class)
                .hasMessageStartingWith("unsupported schema in " + where)
                .hasMessageContaining(told)
                .hasMessageNotContaining("\n");
    }

    @Test
    void whateverIsDrawnParsesAndIsWhatTheSchemaSays() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 150; i++) {
            TokenBytes tokens = vocabulary(random);
            JsonNode schema = i % 3 == 0 ? json("{'type':'object'}") : SchemaTwin.random(random, 3);
            Grammar grammar = i % 3 == 0 ? Grammar.object() : Grammar.of(schema, "schema");
            int least = grammar.begin(tokens).distance();
            String text = drawn(grammar.begin(tokens), tokens, least + random.nextInt(200), random);
            JsonNode value = Json.MAPPER.readTree(text);
            assertThat(SchemaTwin.fits(value, schema))
                    .as("seed %d: %s is not of %s", seed, text, schema)
                    .isTrue();
        }
    }

    /** A text of at most so many tokens, each drawn from those allowed. */
    private static String drawn(Grammar.Cursor cursor, TokenBytes tokens, int most, Random random) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int left = most; left > 0 && !cursor.isOver(); left--) {
            BitSet allowed = cursor.allowed(left);
            if (cursor.mayEnd() && (allowed.isEmpty() || random.nextInt(4) == 0)) {
                break;
            }
            int[] ids = allowed.stream().toArray();
            int id = ids[random.nextInt(ids.length)];
            cursor.take(id);
            text.writeBytes(tokens.of(id));
        }
        assertThat(cursor.mayEnd()).as(text.toString(UTF_8)).isTrue();
        return text.toString(UTF_8);
    }

    @Test
    void alternativesThatLookAlikeDoNotMultiply() {
        Grammar grammar =
                schema("{'type':'array','items':{'anyOf':[{'type':'number'},{'type':'integer'},{'type':'number'}]}}");
        Grammar.Cursor cursor = grammar.begin(new TokenBytes(BYTES));
        for (byte b : ("[" + "1,".repeat(5_000)).getBytes(UTF_8)) {
            cursor.take(b);
        }
        assertThat(cursor.allowed(100).get('2')).isTrue();
    }

    @Test
    void aTextStandsBetweenOthers() {
        Grammar call = schema("{'const':1}").between("<call>", "</call>");
        assertThat(accepts(call, "<call>1</call>")).isTrue();
        assertThat(accepts(Grammar.either(List.of(call, Grammar.object())), "{}"))
                .isTrue();
        assertThat(accepts(call, "1</call>")).isFalse();
    }

    @Test
    void aVocabularyThatCannotGoOnIsToldInALine() {
        Grammar.Cursor cursor = Grammar.object().begin(new TokenBytes(new byte[][] {{'x'}}));
        assertThatThrownBy(() -> cursor.allowed(10))
                .isInstanceOf(LizardException.class)
                .hasMessage(
                        "cannot go on in JSON mode: expected a token that fits but found none in the vocabulary; try"
                                + " again without response_format");
    }
}
