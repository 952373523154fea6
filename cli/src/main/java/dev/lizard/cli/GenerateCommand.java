package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.base.LizardException;
import dev.lizard.base.Origin;
import dev.lizard.base.Progress;
import dev.lizard.generate.ChatSession;
import dev.lizard.generate.FinishReason;
import dev.lizard.generate.Generation;
import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.Generator;
import dev.lizard.generate.Sampler;
import dev.lizard.generate.Session;
import dev.lizard.model.OpenModel;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.Iterator;
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
    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(names = "--prompt", paramLabel = "S", description = "The text to continue.")
    @Nullable
    String prompt;

    @Option(
            names = "--prompt-file",
            paramLabel = "F",
            description = "A file with the text to continue, in UTF-8; -: standard input.")
    @Nullable
    Path promptFile;

    @Option(
            names = "--chat",
            description = "Says the text to the model by its chat template, and gives the answer to it.")
    boolean chat;

    @Option(names = "--system", paramLabel = "S", description = "The system message of --chat.")
    @Nullable
    String system;

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
        // A variable may be there for other commands.
        if (!chat && context.layers().tree().origin("system").layer() == Origin.Layer.FLAG) {
            throw LizardException.usage("--system is a message of a chat: expected --chat beside it but found none;"
                    + " add --chat, or put the words into the prompt");
        }
        if (chat && loadState != null) {
            throw LizardException.usage("--chat begins a conversation: expected no --load-state beside it;"
                    + " go on with 'lizard chat' and /load");
        }
        boolean nothing = loadState != null && prompt == null && promptFile == null;
        long seed = context.settings().seed();
        GenerationSettings _ = sampling.settings(seed, List.of()); // refused before anything is loaded
        try (TextInput text = TextInput.of(nothing ? "" : prompt, promptFile, "--prompt and --prompt-file");
                OpenModel open = ModelPlace.openWithTokenizer(model.place(), context);
                Tokenizer tokenizer = open.openTokenizer()) {
            GenerationSettings ending = sampling.settings(seed, open.eosIds());
            Generation generation = chat
                    ? answer(context, open, tokenizer, text.whole(), ending)
                    : continuation(context, open, tokenizer, text, ending);
            return show(context.console(), generation);
        }
    }

    private Generation continuation(
            Context context, OpenModel open, Tokenizer tokenizer, TextInput text, GenerationSettings settings) {
        Sampler sampler = new Sampler(settings.sampling(), open.config().vocabSize());
        Generator generator = new Generator(tokenizer);
        try (Session session = session(open, sampler)) {
            Iterator<int[]> parts = text.tokens(reader -> generator.stream(session, reader));
            int[] first;
            try (Activity _ = Activity.begin("turning the prompt into tokens")) {
                first = parts.next();
            }
            Generation generation;
            try (PromptProgress listener = parts.hasNext()
                            ? new PromptProgress(context.console(), text)
                            : new PromptProgress(context.console(), first.length);
                    Activity _ = Activity.begin("generating")) {
                generation = generator.generate(
                        session,
                        Parts.of(first, parts),
                        parts.hasNext() ? 0 : first.length,
                        settings,
                        sampler,
                        listener,
                        context.interrupt()::requested);
            }
            if (saveState != null) {
                session.save(saveState, sampler.notes());
            }
            return generation;
        }
    }

    /** One turn of a conversation; its state is one that {@code lizard chat} can load. */
    private Generation answer(
            Context context, OpenModel open, Tokenizer tokenizer, String text, GenerationSettings settings) {
        ChatTemplate template = ChatTemplate.of(tokenizer)
                .map(own -> own.stoppedBy(context.interrupt()))
                .orElseThrow(() -> LizardException.input("no chat template in %s: expected one for --chat; %s"
                        .formatted(model.place(), "leave --chat out to continue the text as it is")));
        try (ChatSession session = new ChatSession(open.decoder(), tokenizer, template)) {
            session.system(system == null ? "" : system);
            Generation generation;
            try (PromptProgress listener = new PromptProgress(context.console(), 0);
                    Activity _ = Activity.begin("answering")) {
                generation = session.send(text, settings, listener, context.interrupt()::requested)
                        .generation();
            }
            if (saveState != null) {
                session.save(saveState);
            }
            return generation;
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

    /** A first part and the others. */
    private record Parts(Iterator<int[]> first, Iterator<int[]> others) implements Iterator<int[]> {
        static Parts of(int[] first, Iterator<int[]> others) {
            return new Parts(List.of(first).iterator(), others);
        }

        @Override
        public boolean hasNext() {
            return first.hasNext() || others.hasNext();
        }

        @Override
        public int[] next() {
            return first.hasNext() ? first.next() : others.next();
        }
    }

    /** Streams the text; shows how far a prompt of several pieces is read. */
    private static final class PromptProgress implements GenerationListener, AutoCloseable {
        private final Console console;
        private final Progress progress;
        private final @Nullable TextInput file;

        PromptProgress(Console console, int tokens) {
            this.console = console;
            file = null;
            progress = tokens > Session.CHUNK ? console.progress("prompt", "tokens", tokens) : Progress.NONE;
        }

        /** Of a prompt that is not in memory as a whole. */
        PromptProgress(Console console, TextInput file) {
            this.console = console;
            this.file = file;
            progress = console.progress("prompt", "bytes", file.size());
        }

        @Override
        public void prompt(long done, long total) {
            progress.update(file == null ? done : file.bytes(), file == null ? "" : "%,d tokens".formatted(done));
            if (done == total) {
                progress.close();
            }
        }

        @Override
        public void text(String piece) {
            progress.close();
            console.stream(piece);
        }

        @Override
        public void close() {
            progress.close();
        }
    }
}
