package dev.lizard.text.jinja;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.base.OneLine;
import java.util.Collection;
import java.util.List;

/** Errors of a chat template; each names the line where it can. */
final class TemplateError {
    private static final int LONGEST = 200;

    private TemplateError() {}

    /** The template is wrong, or does not suit the conversation. */
    static LizardException at(int line, String what) {
        return LizardException.input(
                "chat template, line %d: %s; use another template".formatted(line, OneLine.of(what, LONGEST)));
    }

    /** The template uses what is left out here. */
    static LizardException unsupported(int line, String construct) {
        return LizardException.input("chat template, line %d: %s is not supported; write the template without it"
                .formatted(line, OneLine.of(construct, LONGEST)));
    }

    /** As {@link #unsupported}, with the nearest of {@code known} names. */
    static LizardException unknown(int line, String kind, String name, Collection<String> known) {
        return unsupported(line, "%s '%s' (%s)".formatted(kind, name, Nearest.hint(name, List.copyOf(known))));
    }

    /** The template nests or chains deeper than the stack goes. */
    static LizardException tooDeep() {
        return LizardException.input("chat template: expressions or statements nest too deep; use another template");
    }

    /** The template costs too much. */
    static LizardException beyond(String what) {
        return LizardException.input("chat template: %s; use another template".formatted(what));
    }
}
