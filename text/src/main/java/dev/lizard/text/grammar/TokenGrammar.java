package dev.lizard.text.grammar;

/** A grammar for texts in the tokens of a vocabulary. */
public record TokenGrammar(Grammar grammar, TokenBytes tokens) {
    /** At the beginning of a text. */
    public Grammar.Cursor begin() {
        return grammar.begin(tokens);
    }
}
