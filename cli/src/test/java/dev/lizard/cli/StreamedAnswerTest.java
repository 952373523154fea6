package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import org.junit.jupiter.api.Test;

/** Answers as servers write them, of this project and of others. */
class StreamedAnswerTest {
    private static final String END = """
        data: {"choices":[{"text":"","finish_reason":"length"}]}

        data: {"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}

        data: [DONE]

        """;

    private static StreamedAnswer read(String lines) throws IOException {
        return StreamedAnswer.read(new BufferedReader(new StringReader(lines)));
    }

    @Test
    void partsOfTheTextHaveTimesAndCommentsAndTheEndHaveNone() throws IOException {
        long before = System.nanoTime();
        StreamedAnswer answer = read("""
            : waiting

            data: {"choices":[{"text":"a \\"completion_tokens\\" b","finish_reason":null}]}

            data: {"choices":[{"text":"\\"error\\"","finish_reason":null}]}

            """ + END);
        assertThat(answer.times()).hasSize(2).isSorted().allMatch(time -> time >= before);
        assertThat(answer.gaps()).containsExactly(answer.last() - answer.first());
        assertThat(answer.tokens()).isEqualTo(3);
        assertThat(answer.usage().get("prompt_tokens").asInt()).isEqualTo(2);
    }

    @Test
    void tokensWithoutTextCameAtTheEnd() throws IOException {
        assertThat(read(END).times()).hasSize(1);
    }

    @Test
    void whatBreaksOffIsNoAnswer() {
        String part = "data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":null}]}\n\n";
        assertThatThrownBy(() -> read(part))
                .isInstanceOf(IOException.class)
                .hasMessage("an answer that does not tell of tokens in its end");
        assertThatThrownBy(() -> read(part + "data: {\"error\":{\"message\":\"the server stops\"}}\n\n" + END))
                .isInstanceOf(IOException.class)
                .hasMessage("the server stops");
    }
}
