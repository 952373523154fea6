package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageToolCall;
import com.openai.models.chat.completions.ChatCompletionNamedToolChoice;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import dev.lizard.base.Json;
import dev.lizard.tensor.LiveTensors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** OpenAI's own client for Java, as it comes. */
@ExtendWith(LiveTensors.class)
class OpenAiJavaTest {
    private static ByteModel model;
    private static Server server;
    private static OpenAIClient client;

    /** What an answer is to be. */
    static final class Person {
        public String name = "";
        public int age;
        public List<String> tags = List.of();
    }

    @BeforeAll
    static void start() {
        model = new ByteModel(true);
        server = Server.start(model.withTools(), ServerSettings.local(), logged -> {});
        client = OpenAIOkHttpClient.builder()
                .baseUrl("http://127.0.0.1:" + server.port() + "/v1")
                .apiKey("none")
                .maxRetries(0)
                .build();
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
        model.close();
    }

    private static ChatCompletionCreateParams.Builder chat(long most) {
        return ChatCompletionCreateParams.builder()
                .model("tiny")
                .addUserMessage("hello")
                .maxCompletionTokens(most)
                .putAdditionalBodyProperty("seed", JsonValue.from(1))
                .putAdditionalBodyProperty("ignore_eos", JsonValue.from(true));
    }

    @Test
    void modelsAreListed() {
        assertThat(client.models().list().data())
                .singleElement()
                .satisfies(only -> assertThat(only.id()).isEqualTo("tiny"));
        assertThatThrownBy(() -> client.models().retrieve("gpt")).isInstanceOf(NotFoundException.class);
    }

    @Test
    void aChatIsAnsweredAndStreamedAlike() {
        ChatCompletion whole =
                client.chat().completions().create(chat(12).logprobs(true).build());
        assertThat(whole.choices().getFirst().logprobs().orElseThrow().content().orElseThrow())
                .hasSize(12);
        assertThat(whole.usage().orElseThrow().completionTokens()).isEqualTo(12);
        ChatCompletionAccumulator parts = ChatCompletionAccumulator.create();
        ChatCompletionStreamOptions usage =
                ChatCompletionStreamOptions.builder().includeUsage(true).build();
        try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(chat(12).streamOptions(usage).build())) {
            stream.stream().forEach(parts::accumulate);
        }
        assertThat(parts.chatCompletion().choices().getFirst().message().content())
                .isEqualTo(whole.choices().getFirst().message().content());
        assertThat(parts.chatCompletion().usage().orElseThrow().completionTokens())
                .isEqualTo(12);
    }

    @Test
    void textsAreContinuedWithTheirProbabilities() {
        Completion answer = client.completions()
                .create(CompletionCreateParams.builder()
                        .model("tiny")
                        .prompt("once")
                        .maxTokens(0)
                        .echo(true)
                        .logprobs(1)
                        .build());
        assertThat(answer.choices().getFirst().text()).isEqualTo("once");
        assertThat(answer.choices().getFirst().logprobs().orElseThrow().tokens().orElseThrow())
                .containsExactly("o", "n", "c", "e");
    }

    @Test
    void anAnswerComesAsAnObjectOfAClass() {
        Person person = client.chat()
                .completions()
                .create(chat(200).responseFormat(Person.class).build())
                .choices()
                .getFirst()
                .message()
                .content()
                .orElseThrow();
        assertThat(person.name).isNotNull();
        assertThat(person.tags).isNotNull();
    }

    @Test
    void aFunctionIsCalled() {
        FunctionDefinition function = FunctionDefinition.builder()
                .name("weather")
                .parameters(FunctionParameters.builder()
                        .putAdditionalProperty("type", JsonValue.from("object"))
                        .putAdditionalProperty("properties", JsonValue.from(Map.of("days", Map.of("type", "integer"))))
                        .putAdditionalProperty("required", JsonValue.from(List.of("days")))
                        .build())
                .build();
        ChatCompletionNamedToolChoice choice = ChatCompletionNamedToolChoice.builder()
                .function(ChatCompletionNamedToolChoice.Function.builder()
                        .name("weather")
                        .build())
                .build();
        ChatCompletionCreateParams params =
                chat(150).addFunctionTool(function).toolChoice(choice).build();
        ChatCompletion answer = client.chat().completions().create(params);
        assertIsCall(answer);
        ChatCompletionAccumulator parts = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(params)) {
            stream.stream().forEach(parts::accumulate);
        }
        assertIsCall(parts.chatCompletion());
    }

    private static void assertIsCall(ChatCompletion answer) {
        ChatCompletion.Choice choice = answer.choices().getFirst();
        assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
        List<ChatCompletionMessageToolCall> calls = choice.message().toolCalls().orElseThrow();
        assertThat(calls).hasSize(1);
        assertThat(calls.getFirst().asFunction().function().name()).isEqualTo("weather");
        assertThat(Json.MAPPER
                        .readTree(calls.getFirst().asFunction().function().arguments())
                        .get("days")
                        .isIntegralNumber())
                .isTrue();
    }

    @Test
    void aRefusalIsTheClientsOwnError() {
        assertThatThrownBy(() -> client.chat()
                        .completions()
                        .create(chat(2).temperature(-1).build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("bad value in temperature: expected a number from 0 to 100 but found -1");
    }
}
