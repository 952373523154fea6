package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.generate.FinishReason;
import dev.lizard.generate.Generation;
import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.Generator;
import dev.lizard.generate.Sampler;
import dev.lizard.generate.Session;
import dev.lizard.model.OpenModel;
import dev.lizard.text.Rendering;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lizard generate}: continues a text. */
@Command(
        name = "generate",
        description = "Continues a text, streamed as it comes.",
        footer = {"", "One Ctrl-C stops after the token; what was made is kept, and saved with --save-state."})
final class GenerateCommand implements Action {
    @Option(names = "--model", paramLabel = "MODEL", required = true, description = ModelPlace.HELP)
    String model;

    @Option(names = "--prompt", paramLabel = "S", description = "The text to continue.")
    @Nullable
    String prompt;

    @Option(names = "--prompt-file", paramLabel = "F", description = "A file with the text to continue, in UTF-8.")
    @Nullable
    Path promptFile;

    @Mixin
    private final SamplingOptions sampling = new SamplingOptions();

    @Option(names = "--save-state", paramLabel = "F", description = "Writes where the text ended, to be continued.")
    @Nullable
    Path saveState;

    @Option(
            names = "--load-state",
            paramLabel = "F",
            description = "Continues from what --save-state wrote; a prompt is read after it, or left out.")
    @Nullable
    Path loadState;

    @Override
    public int run(Context context) {
        String text = loadState != null && prompt == null && promptFile == null
                ? ""
                : TextArgument.of(prompt, promptFile, "--prompt and --prompt-file");
        long seed = context.settings().seed();
        GenerationSettings settings = sampling.settings(seed, List.of()); // refused before anything is loaded
        try (OpenModel open = ModelPlace.open(model, context);
                Tokenizer tokenizer = open.openTokenizer()) {
            Sampler sampler = new Sampler(settings.sampling(), open.config().vocabSize());
            try (Session session = session(open, sampler)) {
                int[] ids = new Generator(tokenizer).encode(session, Rendering.trusted(text), true);
                Generation generation =
                        generate(context, tokenizer, session, ids, sampling.settings(seed, open.eosIds()), sampler);
                if (saveState != null) {
                    session.save(saveState, sampler.notes());
                }
                return show(context.console(), generation);
            }
        }
    }

    private Session session(OpenModel open, Sampler sampler) {
        if (loadState == null) {
            return new Session(open.decoder());
        }
        Session.Loaded loaded = Session.load(open.decoder(), loadState);
        Map<String, String> notes = loaded.notes();
        sampler.restore(notes);
        return loaded.session();
    }

    private static Generation generate(
            Context context,
            Tokenizer tokenizer,
            Session session,
            int[] ids,
            GenerationSettings settings,
            Sampler sampler) {
        try (PromptProgress listener = new PromptProgress(context.console(), ids.length)) {
            return new Generator(tokenizer)
                    .generate(session, ids, settings, sampler, listener, context.interrupt()::requested);
        }
    }

    private static int show(Console console, Generation generation) {
        console.emit(generation);
        console.print("");
        console.note(String.format(
                Locale.ROOT,
                "%d tokens read at %,.1f tokens/s, %d made at %,.1f tokens/s (%s), state of %,d bytes",
                generation.promptTokens(),
                generation.prefillTokensPerS(),
                generation.completionTokens(),
                generation.decodeTokensPerS(),
                generation.finishReason(),
                generation.stateBytes()));
        return generation.finishReason() == FinishReason.CANCELLED ? LizardException.Kind.INTERRUPTED.exitCode() : 0;
    }

    /** Streams the text; shows how far a prompt of several pieces is read. */
    private static final class PromptProgress implements GenerationListener, AutoCloseable {
        private final Console console;
        private final Progress progress;

        PromptProgress(Console console, int tokens) {
            this.console = console;
            progress = tokens > Session.CHUNK ? console.progress("prompt", "tokens", tokens) : Progress.NONE;
        }

        @Override
        public void prompt(long done, long total) {
            progress.update(done, "");
            if (done == total) {
                progress.close();
            }
        }

        @Override
        public void text(String piece) {
            console.stream(piece);
        }

        @Override
        public void close() {
            progress.close();
        }
    }
}
