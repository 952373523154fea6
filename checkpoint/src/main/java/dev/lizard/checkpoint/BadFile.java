package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.nio.file.Path;

/** The one line about a bad input file: what, in which file and key, expected, found, what to do. */
final class BadFile {
    static final String AGAIN = "download or convert the file again";
    private static final int LONGEST = 160;

    private BadFile() {}

    static LizardException in(Path file, String what, String expected, Object found, String whatToDo) {
        return LizardException.at(
                LizardException.Kind.INPUT, what, file, expected, oneLine(String.valueOf(found)), whatToDo);
    }

    static LizardException in(Path file, String key, String what, String expected, Object found, String whatToDo) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                what,
                file + "/" + oneLine(key),
                expected,
                oneLine(String.valueOf(found)),
                whatToDo);
    }

    /** Text out of a file that may be anything: control characters replaced, cut where it is long. */
    static String oneLine(String text) {
        String cut = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
        return cut.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
    }
}
