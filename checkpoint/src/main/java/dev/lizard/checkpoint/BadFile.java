package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import dev.lizard.base.OneLine;
import java.nio.file.Path;

/** The one line about a bad input file: what, in which file and key, expected, found, what to do. */
final class BadFile {
    static final String AGAIN = "download or convert the file again";
    private static final int LONGEST = 160;

    private BadFile() {}

    static LizardException in(Path file, String what, String expected, Object found, String whatToDo) {
        return LizardException.at(
                LizardException.Kind.INPUT, what, file, expected, brief(String.valueOf(found)), whatToDo);
    }

    static LizardException in(Path file, String key, String what, String expected, Object found, String whatToDo) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                what,
                file + "/" + brief(key),
                expected,
                brief(String.valueOf(found)),
                whatToDo);
    }

    /** Text out of a file, which may be anything. */
    static String brief(String text) {
        return OneLine.of(text, LONGEST);
    }
}
