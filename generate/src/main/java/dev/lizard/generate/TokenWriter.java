package dev.lizard.generate;

/** What becomes of the tokens that are drawn for one sequence. */
public interface TokenWriter {
    /**
     * Hears the next token. It is read by the model only where it belongs to the text; so the sequence can be continued
     * after one that ends it.
     *
     * @return whether it is to be read
     */
    boolean take(int id);

    /** Whether no further token is wanted; asked before each is drawn. */
    boolean isDone();
}
