package dev.lizard.text.jinja;

import dev.lizard.base.LizardException;

/** Errors of a chat template; each names the line. */
final class TemplateError {
    private TemplateError() {}

    /** The template is wrong, or does not suit the conversation. */
    static LizardException at(int line, String what) {
        return LizardException.input("chat template, line %d: %s; use another template".formatted(line, oneLine(what)));
    }

    /** The template uses what this subset leaves out. */
    static LizardException unsupported(int line, String construct) {
        return LizardException.input("chat template, line %d: %s is not supported; write the template without it"
                .formatted(line, oneLine(construct)));
    }

    /** The template nests or chains deeper than the stack goes. */
    static LizardException tooDeep() {
        return LizardException.input("chat template: expressions or statements nest too deep; use another template");
    }

    private static String oneLine(String text) {
        return text.replace("\r", "").replace('\n', ' ');
    }
}
