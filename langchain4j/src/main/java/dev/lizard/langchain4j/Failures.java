package dev.lizard.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.lizard.base.LizardException;

/** Failures of this project in the terms of langchain4j. */
final class Failures {
    private Failures() {}

    /** A bad request for what was asked; others stay what they are. */
    static RuntimeException of(Throwable thrown) {
        if (thrown instanceof LizardException e) {
            String message = String.valueOf(e.getMessage()).replaceFirst("^--", ""); // here it is no flag
            return switch (e.kind()) {
                case USAGE, INPUT -> new InvalidRequestException(message, e);
                default -> new LangChain4jException(message, e);
            };
        }
        return thrown instanceof RuntimeException e ? e : new LangChain4jException(thrown);
    }
}
