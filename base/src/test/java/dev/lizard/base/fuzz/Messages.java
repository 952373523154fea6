package dev.lizard.base.fuzz;

import dev.lizard.base.LizardException;
import java.util.Set;
import java.util.regex.Pattern;

/** What a message for users must be: one line that does not speak of the program's own insides. */
final class Messages {
    private static final int LONGEST = 1500;
    private static final Pattern INSIDES = Pattern.compile(
            "fault of lizard|\\b(java|tools|ai|org|dev)\\.\\w+\\.\\w+|\\w+Exception\\b|StreamReadFeature|for class ");

    private Messages() {}

    static void check(LizardException refusal, Set<LizardException.Kind> kinds) {
        String line = String.valueOf(refusal.getMessage());
        if (!kinds.contains(refusal.kind())) {
            throw new AssertionError("of kind " + refusal.kind() + ": " + line, refusal);
        }
        if (line.isBlank() || line.lines().count() != 1 || line.length() > LONGEST) {
            throw new AssertionError("not one readable line: " + line, refusal);
        }
        if (INSIDES.matcher(line).find()) {
            throw new AssertionError("speaks of the program's insides: " + line, refusal);
        }
    }
}
