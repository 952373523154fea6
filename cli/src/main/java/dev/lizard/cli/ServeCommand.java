package dev.lizard.cli;

import dev.lizard.base.Interrupt;
import dev.lizard.model.OpenModel;
import dev.lizard.serve.Logged;
import dev.lizard.serve.Served;
import dev.lizard.serve.Server;
import dev.lizard.serve.ServerSettings;
import dev.lizard.text.Tokenizer;
import java.time.Duration;
import java.util.List;
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
            Served first = ServedModel.of(model, open, tokenizer, options.name, options.context, context.console());
            if (options.teacher == null) {
                serve(List.of(first), settings, context);
            } else {
                serveBeside(first, ModelOption.of(options.teacher), settings, context);
            }
        }
        return 0;
    }

    private void serveBeside(Served first, ModelOption teacher, ServerSettings settings, Context context)
            throws InterruptedException {
        Console console = context.console();
        console.note("loading " + teacher.place());
        try (OpenModel open = ModelPlace.openWithTokenizer(teacher.place(), context);
                Tokenizer tokenizer = open.openTokenizer()) {
            Served second = ServedModel.of(teacher, open, tokenizer, null, options.context, console);
            if (second.id().equals(first.id())) {
                second = ServedModel.of(teacher, open, tokenizer, first.id() + "-teacher", options.context, console);
            }
            serve(List.of(first, second), settings, context);
        }
    }

    private void serve(List<Served> models, ServerSettings settings, Context context) throws InterruptedException {
        Console console = context.console();
        Served served = models.getFirst();
        Interrupt stop = context.interrupt("letting running answers end; press Ctrl-C again to end at once");
        try (Server server = Server.start(models, settings, logged -> log(logged, console), console::warn)) {
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
}
