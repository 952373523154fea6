package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.generate.ChatReply;
import dev.lizard.generate.ChatSession;
import dev.lizard.generate.ChatStats;
import dev.lizard.generate.Generation;
import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.model.Decoder;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** What the lines of a chat do: commands begin with a slash, all else is said to the model. */
final class ChatLoop implements AutoCloseable {
    static final String HINT = "the conversation is kept; Ctrl-D or /exit leaves, Ctrl-C ends an answer";

    private static final List<String> COMMANDS = List.of(
            "/help",
            "/reset",
            "/retry",
            "/edit",
            "/undo",
            "/rewind",
            "/fork",
            "/branches",
            "/drop",
            "/save",
            "/load",
            "/system",
            "/stats",
            "/exit");
    private static final String HELP = """
        /reset       forgets the conversation, but not the system message
        /retry       drops the last answer and draws another
        /edit S      says S in place of the last question
        /undo        takes back the last question and its answer
        /rewind N    goes back to where it was after N turns; /rewind -2 takes two back
        /fork        goes on in a copy; /fork 1 goes back to the first branch
        /branches    what branches there are; /drop 2 ends the second
        /save F      writes the conversation and the model's state to a file
        /load F      reads one back; nothing is computed again
        /system S    sets the system message; without S there is none
        /stats       tokens, bytes of state, speed
        /exit        ends; so does Ctrl-D. Ctrl-C ends an answer or gives up a line
        A line that ends in a backslash goes on in the next. All between a line that begins with three quotation
        marks and one that ends so is one message, and so is what is pasted.\
        """;

    private final Decoder decoder;
    private final Tokenizer tokenizer;
    private final ChatFormat format;
    private final GenerationSettings settings;
    private final Console console;
    private final ChatBranches branches;

    /** Decoder and tokenizer stay their owners'. */
    ChatLoop(Decoder decoder, Tokenizer tokenizer, ChatFormat format, GenerationSettings settings, Console console) {
        this.decoder = decoder;
        this.tokenizer = tokenizer;
        this.format = format;
        this.settings = settings;
        this.console = console;
        branches = new ChatBranches(new ChatSession(decoder, tokenizer, format));
    }

    /** Sets the system message before the first line. */
    void system(String text) {
        branches.current().system(text);
    }

    /** Answers message by message until there is none or the user leaves. */
    void run(ChatInput input) {
        MessageReader reader = new MessageReader(input, () -> console.note(HINT));
        boolean more = true;
        while (more) {
            try {
                MessageReader.Said said = reader.next();
                more = said != null && handle(said, input.stop());
            } catch (LizardException e) {
                if (!input.live()) {
                    throw e;
                }
                console.error(Failure.of(e, null).line());
            }
        }
    }

    /** False where the user leaves. */
    private boolean handle(MessageReader.Said said, BooleanSupplier stop) {
        String text = said.text();
        if (said.plain() && text.startsWith("/")) {
            int end = text.indexOf(' ');
            String name = end < 0 ? text : text.substring(0, end);
            return command(name, end < 0 ? "" : text.substring(end).strip(), stop);
        }
        if (!text.isEmpty()) {
            answer(listener -> branches.current().send(text, settings, listener, stop));
        }
        return true;
    }

    private void answer(Function<GenerationListener, ChatReply> turn) {
        GenerationListener listener = new GenerationListener() {
            @Override
            public void text(String piece) {
                console.stream(piece);
            }
        };
        ChatReply reply;
        try (Activity _ = Activity.begin("answering")) {
            reply = turn.apply(listener);
        }
        console.result(reply.generation(), "");
        reply.notice().ifPresent(console::note);
    }

    private boolean command(String name, String rest, BooleanSupplier stop) {
        switch (name) {
            case "/help" -> console.print(HELP);
            case "/reset" -> {
                branches.current().reset();
                console.note("forgotten");
            }
            case "/retry" -> {
                if (settings.sampling().isGreedy()) {
                    console.note("--temperature 0 takes the likeliest tokens, so the answer will be the same");
                }
                answer(listener -> branches.current().retry(settings, listener, stop));
            }
            case "/undo" ->
                console.note(branches.current().undo() ? "took back the last question" : "nothing to take back");
            case "/edit" ->
                answer(listener -> branches.current().edit(needed(name, rest, "S"), settings, listener, stop));
            case "/rewind" -> {
                branches.current().rewind(number(name, rest));
                console.note("back after %d turns".formatted(branches.current().turns()));
            }
            case "/branches" -> console.print(branches.list());
            case "/drop" -> {
                branches.drop(needed(name, rest, "N"));
                console.note("now in branch " + branches.number());
            }
            case "/fork" -> {
                if (rest.isEmpty()) {
                    branches.fork();
                } else {
                    branches.choose(rest);
                }
                console.note("now in branch " + branches.number());
            }
            case "/save" -> {
                branches.current().save(file(name, rest));
                console.note("saved to " + rest);
            }
            case "/load" -> {
                branches.replace(ChatSession.load(decoder, tokenizer, format, file(name, rest)));
                console.note("loaded %d messages"
                        .formatted(branches.current().messages().size()));
            }
            case "/system" -> {
                branches.current().system(rest);
                console.note(rest.isEmpty() ? "no system message" : "system message set");
            }
            case "/stats" -> {
                ChatStats stats = branches.current().stats();
                console.result(stats, text(stats));
            }
            case "/exit" -> {
                return false;
            }
            default ->
                throw LizardException.usage(
                        "unknown command '%s'; %s".formatted(name, Nearest.hintOr(name, COMMANDS, "see /help")));
        }
        return true;
    }

    private static Path file(String name, String rest) {
        if (rest.isEmpty()) {
            throw LizardException.usage(
                    "%s needs a file: expected %s F but found %s alone; name the file".formatted(name, name, name));
        }
        return Path.of(rest);
    }

    private static String needed(String name, String rest, String what) {
        if (rest.isEmpty()) {
            throw LizardException.usage(
                    "%s needs more: expected %s %s but found %s alone; see /help".formatted(name, name, what, name));
        }
        return rest;
    }

    private static int number(String name, String rest) {
        try {
            return Integer.parseInt(needed(name, rest, "N"));
        } catch (NumberFormatException e) {
            throw LizardException.usage("bad number: expected %s N but found '%s'; see /help".formatted(name, rest));
        }
    }

    private static String text(ChatStats stats) {
        String text = "%d messages, %,d tokens, state of %,d bytes; %d earlier places of %,d bytes"
                .formatted(
                        stats.messages(), stats.tokens(), stats.stateBytes(), stats.snapshots(), stats.snapshotBytes());
        Generation last = stats.last();
        return last == null
                ? text
                : text
                        + String.format(
                                Locale.ROOT,
                                "; last answer: %d tokens read at %,.1f tokens/s, %d made at %,.1f tokens/s",
                                last.promptTokens(),
                                last.prefillTokensPerS(),
                                last.completionTokens(),
                                last.decodeTokensPerS());
    }

    @Override
    public void close() {
        branches.close();
    }
}
