package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import dev.lizard.base.Json;
import dev.lizard.tensor.LiveTensors;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The client of langchain4j for OpenAI's interface, as it comes. */
@ExtendWith(LiveTensors.class)
class LangChainTest {
    private static final ToolSpecification WEATHER = ToolSpecification.builder()
            .name("weather")
            .parameters(JsonObjectSchema.builder()
                    .addIntegerProperty("days")
                    .required("days")
                    .build())
            .build();

    private static ByteModel model;
    private static Server server;
    private static String url;

    @BeforeAll
    static void start() {
        model = new ByteModel(true);
        server = Server.start(model.withTools(), ServerSettings.local(), logged -> {});
        url = "http://127.0.0.1:" + server.port() + "/v1";
    }

    @AfterAll
    static void stop() {
        server.close();
        model.close();
    }

    private static OpenAiChatModel whole() {
        return OpenAiChatModel.builder()
                .baseUrl(url)
                .apiKey("none")
                .modelName("tiny")
                .maxCompletionTokens(150)
                .seed(1)
                .strictJsonSchema(true)
                .maxRetries(0)
                .build();
    }

    private static ChatRequest.Builder request() {
        return ChatRequest.builder().messages(UserMessage.from("hello"));
    }

    /** What a stream comes to. */
    private static ChatResponse streamed(ChatRequest request, StringBuilder text) throws Exception {
        OpenAiStreamingChatModel streaming = OpenAiStreamingChatModel.builder()
                .baseUrl(url)
                .apiKey("none")
                .modelName("tiny")
                .maxCompletionTokens(150)
                .seed(1)
                .build();
        CompletableFuture<ChatResponse> done = new CompletableFuture<>();
        streaming.chat(request, new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String part) {
                text.append(part);
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
                done.complete(response);
            }

            @Override
            public void onError(Throwable error) {
                done.completeExceptionally(error);
            }
        });
        return done.get(1, TimeUnit.MINUTES);
    }

    @Test
    void aChatIsAnsweredAndStreamedAlike() throws Exception {
        ChatResponse answer = whole().chat(request().build());
        StringBuilder text = new StringBuilder();
        assertThat(streamed(request().build(), text).aiMessage().text())
                .isEqualTo(answer.aiMessage().text());
        assertThat(text.toString()).isEqualTo(answer.aiMessage().text());
        assertThat(answer.tokenUsage().outputTokenCount()).isPositive();
    }

    @Test
    void anAnswerIsWhatASchemaSays() {
        JsonSchema schema = JsonSchema.builder()
                .name("person")
                .rootElement(JsonObjectSchema.builder()
                        .addStringProperty("name")
                        .addEnumProperty("kind", List.of("a", "b"))
                        .required("name", "kind")
                        .build())
                .build();
        ResponseFormat format = ResponseFormat.builder()
                .type(ResponseFormatType.JSON)
                .jsonSchema(schema)
                .build();
        String text = whole().chat(request().responseFormat(format).build())
                .aiMessage()
                .text();
        assertThat(Json.MAPPER.readTree(text).get("kind").asString()).isIn("a", "b");
    }

    @Test
    void aFunctionIsCalled() throws Exception {
        ChatRequest request = request()
                .toolSpecifications(WEATHER)
                .toolChoice(ToolChoice.REQUIRED)
                .build();
        assertIsCall(whole().chat(request));
        assertIsCall(streamed(request, new StringBuilder()));
    }

    private static void assertIsCall(ChatResponse answer) {
        assertThat(answer.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
        List<ToolExecutionRequest> calls = answer.aiMessage().toolExecutionRequests();
        assertThat(calls).singleElement().satisfies(call -> {
            assertThat(call.name()).isEqualTo("weather");
            assertThat(Json.MAPPER.readTree(call.arguments()).get("days").isIntegralNumber())
                    .isTrue();
        });
    }
}
