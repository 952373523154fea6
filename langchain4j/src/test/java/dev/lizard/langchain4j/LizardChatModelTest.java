package dev.lizard.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.lizard.base.LizardException;
import dev.lizard.generate.Generation;
import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.Generator;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.generate.Session;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(LiveTensors.class)
class LizardChatModelTest {
    private static final String PROMPT = "<|system|>be brief<|end|><|user|>hello<|end|><|assistant|>";

    @TempDir
    private static Path temp = Path.of(".");

    private static Path folder;
    private static LizardChatModel model;

    @BeforeAll
    static void open() throws IOException {
        folder = TinyFolder.write(temp.resolve("tiny"));
        model = builder().build();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    static LizardChatModelBuilder builder() {
        return LizardChatModel.builder().model(folder).temperature(0).maxOutputTokens(30);
    }

    private static ChatRequest.Builder hello() {
        return ChatRequest.builder().messages(SystemMessage.from("be brief"), UserMessage.from("hello"));
    }

    private static String text(ChatRequest.Builder request) {
        return model.chat(request.build()).aiMessage().text();
    }

    /** The same by the library itself. */
    private static Generation generated(int tokens) {
        try (OpenModel open = Models.open(folder, DType.FLOAT32, Device.CPU);
                Tokenizer tokenizer = open.openTokenizer();
                Session session = new Session(open.decoder())) {
            GenerationSettings settings = GenerationSettings.of(tokens, SamplerSettings.GREEDY);
            return new Generator(tokenizer).generate(session, PROMPT, settings, GenerationListener.NONE, () -> false);
        }
    }

    @Test
    void anAnswerIsThatOfTheModelToWhatItsTemplateWrites() {
        Generation expected = generated(30);
        ChatResponse answer = model.chat(hello().build());
        assertThat(answer.aiMessage().text()).isEqualTo(expected.text()).isNotEmpty();
        assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(answer.tokenUsage().inputTokenCount()).isEqualTo(expected.promptTokens());
        assertThat(answer.tokenUsage().outputTokenCount()).isEqualTo(30);
        assertThat(answer.modelName()).isEqualTo("tiny");
        assertThat(model.chat("hello")).isNotEqualTo(answer.aiMessage().text());
    }

    @Test
    void aStreamSaysTheSameInParts() throws Exception {
        Heard heard = new Heard();
        model.chat(hello().build(), heard);
        ChatResponse answer = heard.response();
        assertThat(answer.aiMessage().text()).isEqualTo(text(hello()));
        assertThat(heard.parts).hasSizeGreaterThan(3);
        assertThat(String.join("", heard.parts)).isEqualTo(answer.aiMessage().text());
        assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void whatARequestSaysGoesBeforeWhatTheModelWasMadeWith() {
        ChatResponse brief = model.chat(hello().maxOutputTokens(3).build());
        assertThat(brief.tokenUsage().outputTokenCount()).isEqualTo(3);
        String all = text(hello());
        int from = all.offsetByCodePoints(0, 5);
        String stop = all.substring(from, all.offsetByCodePoints(from, 2));
        ChatResponse cut =
                model.chat(hello().stopSequences(List.of("never", stop)).build());
        assertThat(cut.aiMessage().text()).isEqualTo(all.substring(0, all.indexOf(stop)));
        assertThat(cut.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(text(hello().temperature(5.0).topK(1))).isEqualTo(all);
        assertThat(text(hello().temperature(5.0).topP(1e-9))).isEqualTo(all);
        assertThat(text(hello().temperature(5.0))).isNotEqualTo(all);
        assertThat(text(hello().presencePenalty(50.0))).isNotEqualTo(all);
        assertThat(text(hello().frequencyPenalty(50.0))).isNotEqualTo(all);
    }

    @Test
    void aSeedDrawsTheSameAndNoSeedDrawsAnew() {
        try (LizardChatModel seeded = builder().temperature(3).seed(7).build();
                LizardChatModel again = builder().temperature(3).seed(7).build();
                LizardChatModel free = builder().temperature(3).build()) {
            String first = seeded.chat("hello");
            assertThat(seeded.chat("hello")).isEqualTo(first);
            assertThat(again.chat("hello")).isEqualTo(first);
            assertThat(free.chat("hello")).isNotEqualTo(free.chat("hello"));
        }
    }

    @Test
    void theNextTurnReadsWhatIsNewAndSaysTheSameAsWhereAllIsRead() {
        try (LizardChatModel turns = builder().build();
                LizardChatModel fresh = builder().build()) {
            ChatMessage question = UserMessage.from("a question that takes some tokens to read");
            ChatResponse first = turns.chat(question);
            long read = turns.read();
            assertThat(read).isEqualTo(first.tokenUsage().inputTokenCount().longValue());
            List<ChatMessage> more = List.of(question, AiMessage.from("an answer"), UserMessage.from("why?"));
            ChatResponse second = turns.chat(more);
            assertThat(turns.read())
                    .isEqualTo(second.tokenUsage().inputTokenCount().longValue());
            assertThat(second.aiMessage()).isEqualTo(fresh.chat(more).aiMessage());
            turns.chat(more);
            assertThat(turns.read())
                    .isEqualTo(second.tokenUsage().inputTokenCount().longValue());
        }
    }

    static Stream<Arguments> unsupported() {
        ToolSpecification tool = ToolSpecification.builder().name("weather").build();
        UserMessage picture = UserMessage.from(TextContent.from("look"), ImageContent.from("http://x/y.png"));
        return Stream.of(
                Arguments.of("tools", hello().toolSpecifications(tool)),
                Arguments.of("response format JSON", hello().responseFormat(ResponseFormat.JSON)),
                Arguments.of("model 'other' beside 'tiny'", hello().modelName("other")),
                Arguments.of("content of type image", ChatRequest.builder().messages(picture)),
                Arguments.of(
                        "a message of type TOOL_EXECUTION_RESULT",
                        ChatRequest.builder().messages(ToolExecutionResultMessage.from("1", "weather", "rain"))));
    }

    @ParameterizedTest
    @MethodSource("unsupported")
    void whatIsNotSupportedIsRefusedByName(String what, ChatRequest.Builder request) {
        assertThatThrownBy(() -> model.chat(request.build()))
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessage(what + " is not supported by LizardChatModel");
        assertThatThrownBy(() -> model.chat(request.build(), new Heard()))
                .isInstanceOf(UnsupportedFeatureException.class);
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                Arguments.of(
                        "temperature out of range: expected 0 or more but found -1.0",
                        (UnaryOperator<ChatRequest.Builder>) request -> request.temperature(-1.0)),
                Arguments.of(
                        "top-p out of range: expected above 0, at most 1 but found 2.0",
                        (UnaryOperator<ChatRequest.Builder>) request -> request.topP(2.0)),
                Arguments.of(
                        "max-tokens out of range: expected 1 or more but found 0",
                        (UnaryOperator<ChatRequest.Builder>) request -> request.maxOutputTokens(0)));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void valuesOutOfRangeAreBadRequests(String message, UnaryOperator<ChatRequest.Builder> change) {
        assertThatThrownBy(() -> model.chat(change.apply(hello()).build()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(message);
    }

    @Test
    void aModelThatIsNotThereOrNotNamedIsTold() {
        assertThatThrownBy(() -> LizardChatModel.builder().build())
                .isInstanceOf(LizardException.class)
                .hasMessage("no model: expected a folder or a .gguf file; give it to model()");
        assertThatThrownBy(() ->
                        LizardChatModel.builder().model(temp.resolve("none")).build())
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("none");
    }
}
