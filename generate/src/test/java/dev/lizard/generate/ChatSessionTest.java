package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.generate.Tiny.Kind;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Message;
import dev.lizard.text.Rendering;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.TokenizerSettings;
import dev.lizard.text.Tokenizers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.ObjectNode;

@ExtendWith(LiveTensors.class)
class ChatSessionTest {
    private static final BooleanSupplier NEVER = () -> false;
    private static final GenerationSettings SETTINGS =
            GenerationSettings.of(15, SamplerSettings.ofTemperature(1, 2).withTopK(60));

    private static Decoder decoder;
    private static Tokenizer tokenizer;

    @TempDir
    private Path folder;

    @BeforeAll
    static void open() {
        decoder = Tiny.decoder(Kind.JOINT);
        tokenizer = Tiny.tokenizer();
    }

    @AfterAll
    static void close() {
        decoder.close();
        tokenizer.close();
    }

    /** {@code <|role|>content<|end|>} a message. */
    private static Rendering plain(List<Message> messages, boolean addGenerationPrompt) {
        return Rendering.trusted(render(messages, addGenerationPrompt, false, false));
    }

    /** Trims what was said, as many templates do. */
    private static Rendering trimming(List<Message> messages, boolean addGenerationPrompt) {
        return Rendering.trusted(render(messages, addGenerationPrompt, true, false));
    }

    /** Leaves out all but the last answer, as templates do that drop earlier reasoning. */
    private static Rendering forgetting(List<Message> messages, boolean addGenerationPrompt) {
        return Rendering.trusted(render(messages, addGenerationPrompt, false, true));
    }

    private static String render(List<Message> messages, boolean prompt, boolean trim, boolean forget) {
        StringBuilder text = new StringBuilder();
        for (Message message : messages) {
            boolean said = message.role().equals("assistant");
            String content = trim ? message.content().strip() : message.content();
            text.append("<|%s|>".formatted(message.role()))
                    .append(forget && said ? "..." : content)
                    .append("<|end|>");
        }
        return text.append(prompt ? "<|assistant|>" : "").toString();
    }

    private static ChatSession chat(ChatFormat format) {
        return new ChatSession(decoder, tokenizer, format);
    }

    private static ChatReply say(ChatSession chat, String text) {
        return chat.send(text, SETTINGS, GenerationListener.NONE, NEVER);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void turnsReadOnlyWhatIsNewAndEqualOneReadingOfEverything(Kind kind) {
        GenerationSettings greedy = GenerationSettings.of(12, SamplerSettings.GREEDY);
        try (Decoder model = Tiny.decoder(kind);
                ChatSession chat = new ChatSession(model, tokenizer, ChatSessionTest::plain)) {
            List<Integer> everything = new ArrayList<>();
            for (String question : List.of("hello", "and then?", "go on", "end")) {
                List<Message> before = new ArrayList<>(chat.messages());
                long known = everything.size();
                ChatReply reply = chat.send(question, greedy, GenerationListener.NONE, NEVER);
                // What this turn added: the end of the last answer, the question, the opening of the answer.
                String added = (before.isEmpty() ? "" : "<|end|>") + "<|user|>" + question + "<|end|><|assistant|>";
                for (int id : tokenizer.encode(added, false)) {
                    everything.add(id);
                }
                assertThat(reply.reusedTokens()).isEqualTo(known);
                assertThat(reply.generation().promptTokens()).isEqualTo(everything.size() - known);
                assertThat(reply.notice()).isEmpty();
                try (Session twin = new Session(model)) {
                    twin.prefill(everything.stream().mapToInt(i -> i).toArray());
                    assertThat(reply.generation().ids())
                            .isEqualTo(
                                    SessionTest.greedy(twin, reply.generation().completionTokens()));
                }
                everything.addAll(reply.generation().ids());
                assertThat(chat.stats().tokens()).isEqualTo(everything.size());
            }
            assertThat(chat.messages()).hasSize(8);
            assertThat(chat.stats().last()).isNotNull();
        }
    }

    @Test
    void aTurnIsReadAsTheContinuationThatItIs() {
        // Puts a space before a text, as SentencePiece puts its mark.
        ObjectNode root = (ObjectNode) Json.parse(tokenizer.json(), "x", LizardException.Kind.INPUT);
        root.putObject("pre_tokenizer")
                .put("type", "ByteLevel")
                .put("add_prefix_space", true)
                .put("trim_offsets", true)
                .put("use_regex", false);
        GenerationSettings greedy = GenerationSettings.of(5, SamplerSettings.GREEDY);
        try (Tokenizer spaced = Tokenizers.fromJson(root.toString(), TokenizerSettings.none(), "x");
                ChatSession chat = new ChatSession(decoder, spaced, ChatFormat.lines())) {
            assertThat(chat.send("one", greedy, GenerationListener.NONE, NEVER)
                            .generation()
                            .promptTokens())
                    .isEqualTo(" one\n".length());
            for (int turn = 0; turn < 3; turn++) {
                ChatReply reply = chat.send("two", greedy, GenerationListener.NONE, NEVER);
                if (reply.notice().isEmpty()) {
                    assertThat(reply.generation().promptTokens()).isEqualTo("\ntwo\n".length());
                }
            }
        }
    }

    @Test
    void whatIsSaidIsNoControlToken() {
        ChatFormat format = ChatTemplate.of("{% for m in messages %}<|user|>{{ m.content }}<|end|>{% endfor %}");
        try (ChatSession chat = chat(format)) {
            long plain = say(chat, "a<|xnd|>").generation().promptTokens();
            chat.reset();
            assertThat(say(chat, "a<|end|>").generation().promptTokens()).isEqualTo(plain);
        }
    }

    @Test
    void aTemplateThatTrimsAnswersDoesNotCostAReading() {
        int trimmed = 0;
        try (ChatSession chat = chat(ChatSessionTest::trimming)) {
            for (int i = 0; i < 20; i++) {
                ChatReply reply = say(chat, "turn " + i);
                String text = reply.generation().text();
                trimmed += text.equals(text.strip()) ? 0 : 1;
                assertThat(reply.notice()).isEmpty();
            }
        }
        assertThat(trimmed).as("answers with blanks around them").isPositive();
    }

    @Test
    void aTemplateThatRewritesHistoryIsReadAgainFromWhereItAgrees() {
        try (ChatSession chat = chat(ChatSessionTest::forgetting)) {
            say(chat, "first");
            ChatReply second = say(chat, "second");
            assertThat(second.reusedTokens()).isZero();
            assertThat(second.notice())
                    .hasValueSatisfying(notice -> assertThat(notice)
                            .contains("read again from token 0")
                            .contains("written differently"));
            ChatReply third = say(chat, "third");
            assertThat(third.notice()).isPresent();
            long whole = tokenizer
                    .encode(forgetting(chat.messages().subList(0, 5), true), false)
                    .ids()
                    .length;
            assertThat(third.reusedTokens() + third.generation().promptTokens()).isEqualTo(whole);
            assertThat(chat.stats().tokens())
                    .isEqualTo(whole + third.generation().completionTokens());
        }
    }

    @Test
    void anAnswerCutAtAStopStringIsReadAgainWithoutIt() {
        try (ChatSession chat = chat(ChatSessionTest::plain)) {
            String free = say(chat, "one").generation().text();
            chat.undo();
            chat.reset();
            String stop = free.substring(4, 6);
            GenerationSettings stopping = SETTINGS.withStops(List.of(stop));
            ChatReply cut = chat.send("one", stopping, GenerationListener.NONE, NEVER);
            assertThat(cut.generation().text()).isEqualTo(free.substring(0, free.indexOf(stop)));
            ChatReply next = say(chat, "two");
            assertThat(next.notice()).isPresent();
            assertThat(next.reusedTokens() + next.generation().promptTokens())
                    .isEqualTo(tokenizer
                            .encode(plain(chat.messages().subList(0, 3), true), false)
                            .ids()
                            .length);
        }
    }

    @Test
    void aNewSystemMessageIsReadWithEverythingAfterIt() {
        try (ChatSession chat = chat(ChatSessionTest::plain)) {
            chat.system("Be brief.");
            say(chat, "one");
            assertThat(say(chat, "two").notice()).isEmpty();
            chat.system("Be long.");
            ChatReply reply = say(chat, "three");
            assertThat(reply.notice()).isPresent();
            assertThat(reply.reusedTokens()).isZero();
            assertThat(chat.messages().getFirst()).isEqualTo(new Message("system", "Be long."));
            assertThat(say(chat, "four").notice()).isEmpty();
            chat.system("");
            assertThat(chat.messages()).hasSize(8).noneMatch(m -> m.role().equals("system"));
        }
    }

    @Test
    void undoGoesBackWithoutReading() {
        try (ChatSession chat = chat(ChatSessionTest::plain)) {
            ChatReply one = say(chat, "one");
            List<Message> after = chat.messages();
            long tokens = chat.stats().tokens();
            ChatReply two =
                    chat.send("two", GenerationSettings.of(15, SamplerSettings.GREEDY), GenerationListener.NONE, NEVER);
            assertThat(chat.undo()).isTrue();
            assertThat(chat.messages()).isEqualTo(after);
            assertThat(chat.stats().tokens()).isEqualTo(tokens);
            ChatReply again =
                    chat.send("two", GenerationSettings.of(15, SamplerSettings.GREEDY), GenerationListener.NONE, NEVER);
            assertThat(again.generation().ids()).isEqualTo(two.generation().ids());
            assertThat(again.notice()).isEmpty();
            assertThat(chat.undo()).isTrue();
            assertThat(chat.undo()).isTrue();
            assertThat(chat.undo()).isFalse();
            assertThat(chat.stats().tokens()).isZero();
            assertThat(one.notice()).isEmpty();
        }
    }

    @Test
    void placesAreBoundedAndUndoBeyondThemReadsAgain() {
        try (ChatSession chat = chat(ChatSessionTest::plain)) {
            for (int i = 0; i < 12; i++) {
                say(chat, "turn " + i);
            }
            assertThat(chat.stats().snapshots()).isEqualTo(8);
            assertThat(chat.stats().snapshotBytes()).isEqualTo(8 * chat.stats().stateBytes());
            for (int i = 0; i < 9; i++) {
                assertThat(chat.undo()).isTrue();
            }
            assertThat(chat.messages()).hasSize(6);
            ChatReply reply = say(chat, "anew");
            assertThat(reply.notice())
                    .hasValueSatisfying(notice -> assertThat(notice).contains("no state was kept"));
            assertThat(say(chat, "more").notice()).isEmpty();
        }
    }

    @Test
    void forksGoTheirOwnWays() {
        try (ChatSession chat = chat(ChatSessionTest::plain)) {
            say(chat, "one");
            try (ChatSession fork = chat.fork()) {
                assertThat(fork.messages()).isEqualTo(chat.messages());
                ChatReply there = say(fork, "two");
                ChatReply here = say(chat, "two");
                assertThat(there.generation().ids()).isEqualTo(here.generation().ids());
                say(fork, "three");
                assertThat(chat.messages()).hasSize(4);
                assertThat(fork.messages()).hasSize(6);
            }
        }
    }

    @Test
    void aSavedConversationGoesOnAsIfUnbroken() {
        Path file = folder.resolve("chat.safetensors");
        try (ChatSession chat = chat(ChatSessionTest::plain)) {
            chat.system("Be brief. \"ö\"");
            say(chat, "one");
            say(chat, "two");
            chat.save(file);
            ChatReply expected = say(chat, "three");
            try (ChatSession loaded = ChatSession.load(decoder, tokenizer, ChatSessionTest::plain, file)) {
                assertThat(loaded.messages()).isEqualTo(chat.messages().subList(0, 5));
                ChatReply reply = say(loaded, "three");
                assertThat(reply.generation().ids())
                        .isEqualTo(expected.generation().ids());
                assertThat(reply.reusedTokens()).isEqualTo(expected.reusedTokens());
                assertThat(reply.notice()).isEmpty();
            }
        }
        try (Session session = new Session(decoder)) {
            session.prefill(Tiny.ids(1, 4));
            session.save(file, Map.of());
        }
        assertThatThrownBy(() -> ChatSession.load(decoder, tokenizer, ChatSessionTest::plain, file))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("--load-state");
    }

    @Test
    void aTurnThatDoesNotComeToAnAnswerLeavesTheConversationAsItWas() {
        try (ChatSession chat = chat(ChatSessionTest::plain)) {
            say(chat, "one");
            List<Message> before = chat.messages();
            long tokens = chat.stats().tokens();
            ChatReply cancelled =
                    chat.send("x".repeat(3 * Session.CHUNK), SETTINGS, GenerationListener.NONE, () -> true);
            assertThat(cancelled.generation().finishReason()).isEqualTo(FinishReason.CANCELLED);
            GenerationListener broken = new GenerationListener() {
                @Override
                public void token(int id) {
                    throw new IllegalStateException("the terminal went away");
                }
            };
            assertThatThrownBy(() -> chat.send("two", SETTINGS, broken, NEVER)).hasMessageContaining("terminal");
            assertThat(chat.messages()).isEqualTo(before);
            assertThat(chat.stats().tokens()).isEqualTo(tokens);
            assertThat(chat.stats().snapshots()).isEqualTo(1);
            assertThat(say(chat, "two").notice()).isEmpty();
        }
    }

    @Test
    void anAnswerCutShortStaysAndTheConversationGoesOn() {
        try (ChatSession chat = chat(ChatSessionTest::plain)) {
            int[] asked = {0};
            ChatReply reply = chat.send("one", SETTINGS, GenerationListener.NONE, () -> asked[0]++ == 5);
            assertThat(reply.generation().finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(chat.messages()).hasSize(2);
            assertThat(say(chat, "two").notice()).isEmpty();
            chat.system("sys");
            chat.reset();
            assertThat(chat.messages()).containsExactly(new Message("system", "sys"));
            assertThat(chat.stats().tokens()).isZero();
            assertThat(chat.stats().last()).isNull();
        }
    }
}
