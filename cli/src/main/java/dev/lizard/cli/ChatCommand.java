package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.model.OpenModel;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Tokenizer;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lizard chat}: a conversation at the terminal, or with lines from a pipe. */
@Command(
        name = "chat",
        description =
                "A conversation: /help /retry /edit S /undo /rewind N /fork /branches /save F /load F /stats /exit.",
        footer = {
            "",
            "A line that ends in a backslash goes on in the next; all between a line that begins with \"\"\" and one"
                    + " that",
            "ends so is one message. Ctrl-C ends an answer or gives up a line, Ctrl-D leaves.",
            "Lines may also come from a pipe; then the first mistake ends the chat. With --json an answer",
            "is an object as of generate."
        })
final class ChatCommand implements Action {
    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(names = "--system", paramLabel = "S", description = "The system message.")
    @Nullable
    String system;

    @Mixin
    private final SamplingOptions sampling = new SamplingOptions();

    @Override
    public int run(Context context) {
        long seed = context.settings().seed();
        GenerationSettings checked = sampling.settings(seed, List.of()); // refused before anything is loaded
        context.console().note("loading " + model.place() + ", at most " + checked.maxTokens() + " tokens an answer");
        try (OpenModel open = ModelPlace.openWithTokenizer(model.place(), context);
                Tokenizer tokenizer = open.openTokenizer();
                ChatLoop loop = new ChatLoop(
                        open.decoder(),
                        tokenizer,
                        format(tokenizer, context),
                        sampling.settings(seed, open.eosIds()),
                        context.console());
                ChatInput input = input(context)) {
            if (system != null) {
                loop.system(system);
            }
            loop.run(input);
            return !input.live() && input.stop().getAsBoolean() ? LizardException.Kind.INTERRUPTED.exitCode() : 0;
        }
    }

    private ChatFormat format(Tokenizer tokenizer, Context context) {
        Optional<ChatTemplate> template = ChatTemplate.of(tokenizer);
        if (template.isPresent()) {
            return template.get().stoppedBy(context.interrupt());
        }
        context.console()
                .warn("model %s has no chat template; it continues what was said, line by line"
                        .formatted(model.place()));
        return ChatFormat.lines();
    }

    private static ChatInput input(Context context) {
        boolean terminal =
                Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
        if (!terminal || context.console().json()) {
            return new PipedInput(System.in, context.interrupt());
        }
        return new TerminalInput(
                history(context.settings().cache()), () -> context.console().note(ChatLoop.HINT));
    }

    /** None where the folder cannot be written to, which is no reason not to talk. */
    private static @Nullable Path history(Path cache) {
        try {
            Files.createDirectories(cache);
            return Files.isWritable(cache) ? cache.resolve("chat_history") : null;
        } catch (IOException e) {
            return null;
        }
    }
}
