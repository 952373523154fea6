package dev.lizard.cli;

import java.util.function.BooleanSupplier;

/** Where the lines of a chat come from. */
interface ChatInput extends AutoCloseable {
    /** What came of waiting for a line. */
    sealed interface Typed {}

    /** A line, or several that were pasted at once. */
    record Line(String text) implements Typed {}

    /**
     * The user gave up what was being typed.
     *
     * @param empty whether there was nothing in the line yet
     */
    record GivenUp(boolean empty) implements Typed {}

    /** There are no more lines: the user leaves. */
    record End() implements Typed {}

    /**
     * Waits for the next line.
     *
     * @param more whether it goes on with a message that was begun
     */
    Typed line(boolean more);

    /** Whether the user wants the answer now coming to end; a new line begins anew. */
    BooleanSupplier stop();

    /** Whether somebody sits there who can correct a mistake; else the first mistake ends the chat. */
    boolean live();

    @Override
    void close();
}
