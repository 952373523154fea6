package dev.lizard.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.lizard.tensor.LiveTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Many who ask, some who leave, and the end. */
@ExtendWith(LiveTensors.class)
class ThreadsTest {
    private static final int ENDLESS = 1_000_000;

    @TempDir
    private static Path temp = Path.of(".");

    private static Path folder;

    @BeforeAll
    static void write() throws IOException {
        folder = TinyFolder.write(temp.resolve("tiny"));
    }

    private static LizardChatModel model() {
        return LizardChatModel.builder()
                .model(folder)
                .temperature(0)
                .maxOutputTokens(20)
                .build();
    }

    /** This model writes on and on, as {@link LizardChatModelTest} shows for its beginning. */
    private static ChatRequest endless() {
        return ChatRequest.builder()
                .messages(UserMessage.from("hello"))
                .maxOutputTokens(ENDLESS)
                .build();
    }

    @Test
    void allWhoAskAtOnceAreAnsweredAsIfAlone() throws Exception {
        try (LizardChatModel model = model();
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<String> alone = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                alone.add(model.chat("number " + i));
            }
            List<Future<String>> whole = new ArrayList<>();
            List<Heard> streams = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                String question = "number " + i % 4;
                whole.add(threads.submit(() -> model.chat(question)));
                streams.add(new Heard());
                model.chat(question, streams.getLast());
            }
            for (int i = 0; i < 24; i++) {
                assertThat(whole.get(i).get(1, TimeUnit.MINUTES)).isEqualTo(alone.get(i % 4));
                assertThat(streams.get(i).response().aiMessage().text()).isEqualTo(alone.get(i % 4));
            }
        }
    }

    @Test
    void whoCancelsHearsNothingMoreAndTheNextIsAnswered() throws Exception {
        try (LizardChatModel model = model()) {
            Heard heard = new Heard(2);
            model.chat(endless(), heard);
            assertThat(model.chat("hello")).isNotEmpty(); // asked behind it, so that it is over
            assertThat(heard.parts).hasSize(2);
            assertThat(heard.done).isNotDone();
        }
    }

    @Test
    void whatAHandlerThrowsIsItsOwnErrorAndEndsTheAnswer() {
        try (LizardChatModel model = model()) {
            List<Throwable> errors = new CopyOnWriteArrayList<>();
            Heard heard = new Heard() {
                @Override
                public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
                    parts.add(part.text());
                    throw new IllegalArgumentException("not now");
                }

                @Override
                public void onError(Throwable error) {
                    errors.add(error);
                }
            };
            model.chat(endless(), heard);
            assertThat(model.chat("hello")).isNotEmpty(); // asked behind it, so that it is over
            assertThat(heard.parts).hasSize(1);
            assertThat(errors)
                    .singleElement()
                    .satisfies(error -> assertThat(error).hasMessage("not now"));
            assertThat(heard.done).isNotDone();
        }
    }

    @Test
    void aHandlerMayAskForAnotherAnswerAndClose() throws Exception {
        LizardChatModel model = model();
        String expected = model.chat("second");
        CompletableFuture<String> second = new CompletableFuture<>();
        model.chat("first", new Heard() {
            @Override
            public void onCompleteResponse(ChatResponse response) {
                second.complete(model.chat("second"));
                model.close();
            }
        });
        assertThat(second.get(1, TimeUnit.MINUTES)).isEqualTo(expected);
        model.close();
        assertThatThrownBy(() -> model.chat("third")).hasMessage("the model is closed");
    }

    @Test
    void theEndIsToldToAllWhoWait() throws Exception {
        LizardChatModel model = model();
        Heard under = new Heard();
        Heard waits = new Heard();
        model.chat(endless(), under);
        model.chat(endless(), waits);
        under.begun.get(1, TimeUnit.MINUTES);
        model.close();
        for (Heard heard : List.of(under, waits)) {
            assertThatThrownBy(heard::response)
                    .isInstanceOf(ExecutionException.class)
                    .hasRootCauseInstanceOf(IllegalStateException.class)
                    .hasRootCauseMessage("the model is closed");
        }
        assertThat(waits.parts).isEmpty();
    }

    @Test
    void aThreadThatIsInterruptedWaitsNoLonger() throws Exception {
        try (LizardChatModel model = model()) {
            Heard under = new Heard();
            model.chat(endless(), under);
            under.begun.get(1, TimeUnit.MINUTES);
            CompletableFuture<Throwable> thrown = new CompletableFuture<>();
            Thread asker = Thread.ofPlatform().start(() -> {
                try {
                    model.chat("hello");
                } catch (LangChain4jException e) {
                    thrown.complete(e);
                }
            });
            asker.interrupt();
            assertThat(thrown.get(1, TimeUnit.MINUTES)).hasMessage("interrupted before the answer was complete");
        }
    }
}
