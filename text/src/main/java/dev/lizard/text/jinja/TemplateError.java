package dev.lizard.text.jinja;

import dev.lizard.base.LizardException;

/** Errors of a chat template; each names the line. */
final class TemplateError {
    private TemplateError() {}

    /** The template is wrong, or does not suit the conversation. */
    static LizardException at(int line, String what) {
        return LizardException.input("chat template, line %d: %s; use another template".formatted(line, what));
    }

    /** The template uses what this subset leaves out. */
    static LizardException unsupported(int line, String construct) {
        return LizardException.input("chat template, line %d: %s is not supported; write the template without it"
                .formatted(line, construct));
    }
}
