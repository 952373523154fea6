package dev.lizard.text.pattern;

/** An expression that is malformed, or has a construct that we cannot vouch for. The message names what. */
public final class UnknownPattern extends RuntimeException {
    UnknownPattern(String message) {
        super(message);
    }
}
