package dev.lizard.cli;

import dev.lizard.base.Interrupt;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.model.OpenModel;
import dev.lizard.serve.Logged;
import dev.lizard.serve.Served;
import dev.lizard.serve.Server;
import dev.lizard.serve.ServerSettings;
import dev.lizard.tensor.Scope;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lizard serve}: a model for programs that speak OpenAI's HTTP interface. */
@Command(
        name = "serve",
        description = "Serves a model over HTTP as OpenAI's clients expect it; docs/serve.md lists what it answers.",
        footer = {
            "",
            "It answers at http://HOST:PORT/v1. SIGTERM or Ctrl-C lets running answers end, for --drain seconds at"
                    + " most;",
            "a second one ends at once."
        })
final class ServeCommand implements Action {
    private static final int LONGEST = 1 << 20;
    private static final long WAIT_MILLIS = 50;

    @Mixin
    private final ModelOption model = new ModelOption();

    @Mixin
    private final ServeOptions options = new ServeOptions();

    @Override
    public int run(Context context) throws InterruptedException {
        ServerSettings settings = options.settings(); // refused before anything is loaded
        context.console().note("loading " + model.place());
        try (OpenModel open = ModelPlace.openWithTokenizer(model.place(), context);
                Tokenizer tokenizer = open.openTokenizer()) {
            serve(served(open, tokenizer, context), settings, context);
        }
        return 0;
    }

    private void serve(Served served, ServerSettings settings, Context context) throws InterruptedException {
        Console console = context.console();
        Interrupt stop = context.interrupt("letting running answers end; press Ctrl-C again to end at once");
        try (Server server = Server.start(served, settings, logged -> log(logged, console), console::warn)) {
            String url = "http://%s:%d/v1".formatted(settings.host(), server.port());
            console.result(new Started(served.id(), url), "serving %s at %s".formatted(served.id(), url));
            while (!stop.requested()) {
                Thread.sleep(WAIT_MILLIS);
            }
            server.drain(Duration.ofSeconds(options.drain));
        }
    }

    /** What {@code --json} says when requests are answered. */
    private record Started(String model, String url) {}

    private static void log(Logged logged, Console console) {
        if (console.json()) {
            console.emit(logged);
        } else {
            console.note(logged.toString());
        }
    }

    private Served served(OpenModel open, Tokenizer tokenizer, Context context) {
        Optional<ChatTemplate> template = ChatTemplate.of(tokenizer);
        if (template.isEmpty()) {
            context.console()
                    .warn("model %s has no chat template; chats are written line by line".formatted(model.place()));
        }
        LongUnaryOperator state = bytes(open.decoder().mixerSpecs(), open.decoder());
        ChatFormat chat = template.isPresent() ? template.get() : ChatFormat.lines();
        return new Served(
                options.name == null ? name(open.path()) : options.name,
                open.decoder(),
                tokenizer,
                chat,
                open.eosIds(),
                context(open.decoder(), state),
                state,
                bytes(open.config().softmaxSpecs(), open.decoder()),
                Scope::liveTensors);
    }

    private String name(Path path) {
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
    private int context(Decoder decoder, LongUnaryOperator state) {
        if (options.context > 0) {
            return options.context;
        }
        boolean grows = state.applyAsLong(LONGEST) > state.applyAsLong(LONGEST / 2);
        return grows ? decoder.config().maxPositions() : LONGEST;
    }
}
