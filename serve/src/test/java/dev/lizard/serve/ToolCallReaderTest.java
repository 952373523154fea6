package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ToolCallReaderTest {
    private static final Set<String> FUNCTIONS = Set.of("f", "g");

    /** The words and the calls, from a text that comes a few characters at a time. */
    private static String read(String text, int step) {
        ToolCallReader reader = new ToolCallReader(FUNCTIONS);
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < text.length(); i += step) {
            words.append(reader.append(text.substring(i, Math.min(text.length(), i + step))));
        }
        words.append(reader.finish());
        reader.calls().forEach(call -> words.append(" -> ").append(call.name()).append(call.arguments()));
        return words.toString();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '!',
            quoteCharacter = '~',
            value = {
                "<tool_call>\\n{'name': 'f', 'arguments': {'a': 1}}\\n</tool_call> ! ' -> f{'a':1}'",
                "I look. <tool_call>{'name': 'f', 'arguments': {}}</tool_call>\\n<tool_call>{'name':'g'}</tool_call>"
                        + " ! 'I look.  -> f{} -> g{}'",
                "<tool_call>{'name': 'unknown', 'arguments': '{}'}</tool_call> ! ' -> unknown{}'",
                "<tool_call>{'name': 7}</tool_call>        ! '<tool_call>{'name': 7}</tool_call>'",
                "<tool_call>{'name': 'f', 'argum           ! '<tool_call>{'name': 'f', 'argum'",
                "a < b <tool_ <tool_called>                ! 'a < b <tool_ <tool_called>'",
                "{'name': 'f', 'parameters': {'a': '}; {'}} ! ' -> f{'a':'}; {'}'",
                "{'name': 'f', 'parameters': {}}; {'name': 'g', 'parameters': {'b': [1]}} ! ' -> f{} -> g{'b':[1]}'",
                "<|python_tag|>{'name': 'f', 'parameters': {'a': 1}} ! ' -> f{'a':1}'",
                "<|python_tag|>print(1)                    ! '<|python_tag|>print(1)'",
                "{'name': 'Ada', 'age': 36}                ! '{'name': 'Ada', 'age': 36}'",
                "{'name': 'f'                              ! '{'name': 'f''",
                "[TOOL_CALLS][{'name': 'f', 'arguments': {'a': 1}}, {'name': 'g', 'arguments': {}}]"
                        + " ! ' -> f{'a':1} -> g{}'",
                "[TOOL_CALLS]f[ARGS]{'a': 1}[TOOL_CALLS]g{'b': 2} ! ' -> f{'a':1} -> g{'b':2}'",
                "[{'name': 'f', 'arguments': {}}]          ! ' -> f{}'",
                "[1, 2]                                    ! '[1, 2]'",
                "[{'x': 1}]                                ! '[{'x': 1}]'",
                "plain words                               ! 'plain words'",
                "\\n words                                 ! '\\n words'",
            })
    void callsAreToldFromWordsHoweverTheTextComes(String text, String told) {
        String plain = text.replace('\'', '"').replace("\\n", "\n");
        String expected =
                told.substring(1, told.length() - 1).replace('\'', '"').replace("\\n", "\n");
        for (int step : new int[] {1, 2, 3, 7, 1000}) {
            assertThat(read(plain, step)).as("in steps of %d", step).isEqualTo(expected);
        }
    }

    @Test
    void wordsAreToldAsSoonAsTheyCannotBeACall() {
        ToolCallReader reader = new ToolCallReader(FUNCTIONS);
        assertThat(reader.append("I am ")).isEqualTo("I am ");
        assertThat(reader.append("<tool")).isEmpty();
        assertThat(reader.append("box>")).isEqualTo("<toolbox>");
    }
}
