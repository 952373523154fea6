package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A text that is given by one of two options: as it is, or as a file. */
final class TextArgument {
    private TextArgument() {}

    /**
     * The text of the one option that was given.
     *
     * @param names both options, as in {@code --text and --file}
     * @throws LizardException USAGE where none or both were given, INPUT where the file is not readable text
     */
    static String of(@Nullable String text, @Nullable Path file, String names) {
        if (text != null && file != null) {
            throw LizardException.usage("both of %s were given; give one".formatted(names));
        }
        if (text != null) {
            return text;
        }
        if (file != null) {
            return read(file);
        }
        throw LizardException.usage("no text: expected one of %s but found neither; give one".formatted(names));
    }

    /** How messages call it: {@code -} is standard input. */
    static String name(Path file) {
        return isStandardInput(file) ? "standard input" : file.toString();
    }

    static boolean isStandardInput(Path file) {
        return file.toString().equals("-");
    }

    /**
     * A whole file, or standard input, as UTF-8.
     *
     * @throws LizardException INPUT where it is not there or something else
     */
    static String read(Path file) {
        try {
            return isStandardInput(file) ? standardInput() : Files.readString(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** What to throw where reading {@code file} failed. */
    static LizardException unreadable(Path file, IOException cause) {
        String name = name(file);
        return switch (cause) {
            case NoSuchFileException e ->
                new LizardException(LizardException.Kind.INPUT, "no such file: " + name + "; check the path", e);
            case CharacterCodingException e ->
                LizardException.at(
                        LizardException.Kind.INPUT,
                        "unreadable text",
                        name,
                        "UTF-8",
                        "other bytes",
                        "convert the file",
                        e);
            default -> {
                String found = Files.isDirectory(file) ? "it is a folder" : String.valueOf(cause.getMessage());
                yield new LizardException(
                        LizardException.Kind.INPUT, "cannot read %s: %s; check the path".formatted(name, found), cause);
            }
        };
    }

    private static String standardInput() throws IOException {
        try (Activity _ = Activity.begin("reading standard input")) {
            byte[] bytes = System.in.readAllBytes();
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        }
    }
}
