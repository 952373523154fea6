package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConversationTest {
    private static final List<Message> TALK = List.of(
            new Message("user", "assistant?"),
            new Message("assistant", "yes"),
            new Message("user", "more"),
            new Message("assistant", "no"));

    @Test
    void turnsAreLearntToTheirEnding() {
        LabelledText text = new Conversation(ConversationTest::plain, List.of("<e>"), "x").label(TALK);
        assertThat(text.text().text())
                .isEqualTo("[user]assistant?<e>\n[assistant]yes<e>\n[user]more<e>\n[assistant]no<e>\n");
        assertThat(learnt(text)).containsExactly("yes<e>", "no<e>");
    }

    @Test
    void anOpeningAssistantTurnIsLearnt() {
        List<Message> talk = List.of(new Message("assistant", "hello"));
        LabelledText text = new Conversation(ConversationTest::plain, List.of(), "x").label(talk);
        assertThat(learnt(text)).containsExactly("[assistant]hello<e>\n");
    }

    @Test
    void turnsAreFoundWhereTheTemplateRewritesEarlierOnes() {
        // Adds empty reasoning to the last turn only, as reasoning models' templates do.
        ChatFormat reasoning = (messages, prompt) -> {
            int last = messages.size() - 1;
            boolean answered = messages.get(last).role().equals("assistant");
            String text = plain(messages, prompt).text();
            int at = text.lastIndexOf("[assistant]") + "[assistant]".length();
            return Rendering.trusted(answered ? text.substring(0, at) + "<think></think>" + text.substring(at) : text);
        };
        LabelledText text = new Conversation(reasoning, List.of("<e>"), "x").label(TALK);
        assertThat(text.text().text()).contains("[assistant]yes<e>").contains("[assistant]<think></think>no<e>");
        assertThat(learnt(text)).containsExactly("yes<e>", "<think></think>no<e>");
    }

    @Test
    void aTemplateThatDropsTurnsIsRefused() {
        ChatFormat forgetful =
                (messages, prompt) -> plain(messages.subList(messages.size() - 1, messages.size()), prompt);
        assertThatThrownBy(() -> new Conversation(forgetful, List.of("<e>"), "f.jsonl:3").label(TALK))
                .isInstanceOf(LizardException.class)
                .hasMessageContainingAll("f.jsonl:3", "turn 2");
    }

    @Test
    void onlyTokensThatStartInALearntPartCount() {
        try (Tokenizer tokenizer = Tokenizers.fromGguf(TokenizerTest.sentencePiece(), "toy.gguf")) {
            LabelledText text = new LabelledText(Rendering.trusted("ab ab c"), List.of(new LabelledText.Span(4, 7)));
            DocumentPart document = Documents.of(tokenizer, text, true);
            assertThat(TokenizerTest.pieces(tokenizer, document.ids()))
                    .containsExactly("<s>", "\u2581ab", "\u2581ab", "\u2581", "c");
            assertThat(document.lossMask()).containsExactly(false, false, false, true, true);
        }
    }

    private static Rendering plain(List<Message> messages, boolean prompt) {
        StringBuilder text = new StringBuilder();
        for (Message message : messages) {
            text.append("[%s]%s<e>\n".formatted(message.role(), message.content()));
        }
        return Rendering.trusted(text.append(prompt ? "[assistant]" : "").toString());
    }

    private static List<String> learnt(LabelledText text) {
        return text.lossSpans().stream()
                .map(span -> text.text().text().substring(span.begin(), span.end()))
                .toList();
    }
}
