package dev.lizard.langchain4j;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.lizard.base.LizardException;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.text.Message;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request, understood. */
record Asked(List<Message> messages, GenerationSettings settings) {
    private static final int USUAL_TOKENS = 4_096;

    /**
     * Of langchain4j's.
     *
     * @param model the name of the one model there is
     * @param endIds further ids that end a text
     */
    static Asked of(ChatRequest request, String model, long seed, List<Integer> endIds) {
        refuse(!request.toolSpecifications().isEmpty() || request.toolChoice() != null, "tools");
        refuse(
                request.responseFormat() != null && request.responseFormat().type() == ResponseFormatType.JSON,
                "response format JSON");
        String asked = request.modelName();
        refuse(asked != null && !asked.equals(model), "model '%s' beside '%s'".formatted(asked, model));
        try {
            List<Message> messages = request.messages().stream().map(Said::of).toList();
            return new Asked(messages, settings(request, seed, endIds));
        } catch (LizardException e) {
            throw Failures.of(e);
        }
    }

    static void refuse(boolean found, String what) {
        if (found) {
            throw new UnsupportedFeatureException(what + " is not supported by LizardChatModel");
        }
    }

    private static GenerationSettings settings(ChatRequest request, long seed, List<Integer> endIds) {
        SamplerSettings sampling = new SamplerSettings(
                or(request.temperature(), 1),
                (int) or(request.topK(), 0),
                or(request.topP(), 1),
                0,
                1,
                or(request.presencePenalty(), 0),
                or(request.frequencyPenalty(), 0),
                seed);
        int most = (int) or(request.maxOutputTokens(), USUAL_TOKENS);
        List<String> stops = request.stopSequences() == null ? List.of() : request.stopSequences();
        return new GenerationSettings(most, sampling, stops, endIds, false);
    }

    private static double or(@Nullable Number given, double usual) {
        return given == null ? usual : given.doubleValue();
    }
}
