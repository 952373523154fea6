package dev.lizard.cli;

import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.model.OpenModel;
import dev.lizard.serve.Served;
import dev.lizard.tensor.Scope;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a server is told of a model. */
final class ServedModel {
    private static final int LONGEST = 1 << 20;

    private ServedModel() {}

    /**
     * Of a model that was opened.
     *
     * @param name by which requests know it; null: its own
     * @param context most tokens of a request; 0: what the model allows
     */
    static Served of(
            ModelOption model,
            OpenModel open,
            Tokenizer tokenizer,
            @Nullable String name,
            int context,
            Console console) {
        Optional<ChatTemplate> template = ChatTemplate.of(tokenizer);
        if (template.isEmpty()) {
            console.warn("model %s has no chat template; chats are written line by line".formatted(model.place()));
        }
        LongUnaryOperator state = bytes(open.decoder().mixerSpecs(), open.decoder());
        return new Served(
                name == null ? name(model, open.path()) : name,
                open.decoder(),
                tokenizer,
                template.isPresent() ? template.get() : ChatFormat.lines(),
                open.eosIds(),
                context > 0 ? context : context(open.decoder(), state),
                state,
                bytes(open.config().softmaxSpecs(), open.decoder()),
                Scope::liveTensors);
    }

    private static String name(ModelOption model, Path path) {
        if (model.student != null) {
            return ModelPlace.lastName(model.place());
        }
        String given = model.model;
        Path file = path.toAbsolutePath().normalize().getFileName();
        boolean hub = given.equals(DemoTeacher.NAME) || !path.equals(Path.of(given));
        return hub || file == null ? given : file.toString().replaceFirst("\\.gguf$", "");
    }

    /** Of the state by its tokens, with these mixers. */
    private static LongUnaryOperator bytes(List<MixerSpec> specs, Decoder decoder) {
        return tokens -> MixerSpecs.stateBytes(specs, decoder.headDims(), decoder.dtype(), tokens);
    }

    /** What the model was trained for where its memory grows; else as much as a request can hold. */
    private static int context(Decoder decoder, LongUnaryOperator state) {
        boolean grows = state.applyAsLong(LONGEST) > state.applyAsLong(LONGEST / 2);
        return grows ? decoder.config().maxPositions() : LONGEST;
    }
}
