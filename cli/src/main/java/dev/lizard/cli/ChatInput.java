package dev.lizard.cli;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Where the lines of a chat come from. */
interface ChatInput extends AutoCloseable {
    /** The next line, or null where there is none. */
    @Nullable
    String line();

    /** Whether the user wants the answer now coming to end; a new line begins anew. */
    BooleanSupplier stop();

    /** Whether somebody sits there who can correct a mistake; else the first mistake ends the chat. */
    boolean live();

    @Override
    void close();
}
