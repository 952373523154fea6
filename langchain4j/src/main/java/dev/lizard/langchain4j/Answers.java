package dev.lizard.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import dev.lizard.base.Progress;
import dev.lizard.generate.Generation;
import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.Generator;
import dev.lizard.generate.Sampler;
import dev.lizard.generate.Session;
import dev.lizard.model.OpenModel;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Rendering;
import dev.lizard.text.Tokenizer;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads conversations and writes answers; owns the model. From one thread at a time but for {@link #understood}. */
final class Answers implements AutoCloseable {
    private final OpenModel model;
    private final Tokenizer tokenizer;
    private final ChatFormat format;
    private final Generator generator;
    private final KnownPrompts known = new KnownPrompts();
    private final String name;
    private final @Nullable Long seed;

    Answers(OpenModel model, String name, @Nullable Long seed) {
        this.model = model;
        this.name = name;
        this.seed = seed;
        tokenizer = model.openTokenizer();
        Optional<ChatTemplate> template = ChatTemplate.of(tokenizer);
        format = template.isPresent() ? template.get() : ChatFormat.lines();
        generator = new Generator(tokenizer);
    }

    /** A request whose settings and messages are right. */
    Asked understood(ChatRequest request) {
        long drawn = seed == null ? ThreadLocalRandom.current().nextLong() : seed;
        return Asked.of(request, name, drawn, model.eosIds());
    }

    /**
     * Writes an answer.
     *
     * @param piece hears its text as it comes
     * @param stop asked between tokens and between pieces of the prompt
     * @return empty where it was stopped
     */
    Optional<ChatResponse> write(Asked asked, Consumer<String> piece, BooleanSupplier stop) {
        if (stop.getAsBoolean()) {
            return Optional.empty();
        }
        Rendering rendering = format.render(asked.messages(), true);
        try (Session session = new Session(model.decoder())) {
            int[] prompt = generator.encode(session, rendering, false);
            int[] rest = Arrays.copyOfRange(prompt, known.bring(session, prompt), prompt.length);
            if (session.prefill(rest, session.chunk(), Progress.NONE, stop) < rest.length) {
                return Optional.empty();
            }
            known.keep(prompt, session);
            Sampler sampler = new Sampler(
                    asked.settings().sampling(), model.decoder().config().vocabSize());
            Generation written =
                    generator.generate(session, new int[0], asked.settings(), sampler, listener(piece), stop);
            return switch (written.finishReason()) {
                case CANCELLED -> Optional.empty();
                case STOP -> Optional.of(response(written, prompt.length, FinishReason.STOP));
                case LENGTH -> Optional.of(response(written, prompt.length, FinishReason.LENGTH));
            };
        }
    }

    private static GenerationListener listener(Consumer<String> piece) {
        return new GenerationListener() {
            @Override
            public void text(String text) {
                piece.accept(text);
            }
        };
    }

    private ChatResponse response(Generation written, int read, FinishReason reason) {
        return ChatResponse.builder()
                .aiMessage(AiMessage.from(written.text()))
                .modelName(name)
                .tokenUsage(new TokenUsage(read, written.completionTokens()))
                .finishReason(reason)
                .build();
    }

    /** Tokens that were read so far, over all prompts. */
    long read() {
        return known.read();
    }

    @Override
    public void close() {
        known.close();
        tokenizer.close();
        model.close();
    }
}
