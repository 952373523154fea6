package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The real model's chat template against the reference renderings and ids. */
class ChatTemplateGoldenTest {
    @Test
    void renderingsAndIdsAreTheReference() throws IOException {
        int checked = 0;
        try (Tokenizer tokenizer = Tokenizers.fromGguf(Golden.modelMetadata(), "model.gguf")) {
            ChatTemplate template = ChatTemplate.of(tokenizer).orElseThrow();
            for (JsonNode line : Golden.lines("chat.jsonl")) {
                List<Message> messages = new ArrayList<>();
                for (JsonNode message : line.get("messages")) {
                    messages.add(new Message(
                            message.get("role").asString(),
                            message.get("content").asString()));
                }
                boolean prompt = line.get("add_generation_prompt").asBoolean();
                Rendering rendered = template.render(messages, prompt);
                assertThat(rendered.text()).isEqualTo(line.get("rendered").asString());
                assertThat(tokenizer.encode(rendered, false).ids()).isEqualTo(TokenizerGoldenTest.ids(line));
                checked++;
            }
        }
        assertThat(checked).isEqualTo(4);
    }

    @Test
    void onlyTheAssistantsWordsAreLearnt() throws IOException {
        try (Tokenizer tokenizer = Tokenizers.fromGguf(Golden.modelMetadata(), "model.gguf")) {
            ChatTemplate template = ChatTemplate.of(tokenizer).orElseThrow();
            List<Message> messages = List.of(
                    new Message("user", "Sky \ud83e\udd16 colour?"),
                    new Message("assistant", "Blue \u00e9."),
                    new Message("user", "Grass?"),
                    new Message("assistant", "Green."));
            LabelledText text = new Conversation(template, List.of("<|im_end|>"), "x").label(messages);
            int[] ids = Documents.lossIds(Documents.of(tokenizer, text, false));
            assertThat(tokenizer.decode(ids, false)).isEqualTo("Blue \u00e9.<|im_end|>Green.<|im_end|>");
        }
    }
}
