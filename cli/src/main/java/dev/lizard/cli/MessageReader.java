package dev.lizard.cli;

import dev.lizard.base.LizardException;
import org.jspecify.annotations.Nullable;

/**
 * Makes messages out of lines. A line that ends in a backslash goes on in the next; all between a line that begins with
 * {@code """} and one that ends so is one message, whatever it holds.
 */
final class MessageReader {
    private static final String FENCE = "\"\"\"";
    private static final String CONTINUED = "\\";

    /**
     * What the user wants.
     *
     * @param text without the marks that made it one message
     * @param plain whether it is one line as typed, and so may be a command
     */
    record Said(String text, boolean plain) {}

    private final ChatInput input;
    private final Runnable hint;

    /** @param hint is run where the user seems to want to leave but does not know how */
    MessageReader(ChatInput input, Runnable hint) {
        this.input = input;
        this.hint = hint;
    }

    /**
     * The next message, or null where there is none.
     *
     * @throws LizardException USAGE where the lines end within a message
     */
    @Nullable
    Said next() {
        while (true) {
            switch (input.line(false)) {
                case ChatInput.End _ -> {
                    return null;
                }
                case ChatInput.GivenUp up -> {
                    if (up.empty()) {
                        hint.run();
                    }
                }
                case ChatInput.Line(String first) -> {
                    Said said = said(first);
                    if (said != null) {
                        return said;
                    }
                }
            }
        }
    }

    /** Null where the user gave the message up. */
    private @Nullable Said said(String first) {
        String begin = first.stripLeading();
        if (begin.startsWith(FENCE)) {
            return fenced(begin.substring(FENCE.length()));
        }
        StringBuilder text = new StringBuilder();
        String line = first;
        while (line.endsWith(CONTINUED)) {
            text.append(line, 0, line.length() - 1).append('\n');
            switch (input.line(true)) {
                case ChatInput.End _ -> line = "";
                case ChatInput.GivenUp _ -> {
                    return null;
                }
                case ChatInput.Line(String next) -> line = next;
            }
        }
        String all = text.append(line).toString().strip();
        return new Said(all, all.indexOf('\n') < 0);
    }

    private @Nullable Said fenced(String begin) {
        StringBuilder text = new StringBuilder(begin);
        while (!text.toString().stripTrailing().endsWith(FENCE)) {
            switch (input.line(true)) {
                case ChatInput.End _ ->
                    throw LizardException.usage("unfinished message: expected a line that ends in \"\"\" but found the"
                            + " end of the input; close the message");
                case ChatInput.GivenUp _ -> {
                    return null;
                }
                case ChatInput.Line(String next) -> text.append('\n').append(next);
            }
        }
        String all = text.toString().stripTrailing();
        return new Said(all.substring(0, all.length() - FENCE.length()).strip(), false);
    }
}
