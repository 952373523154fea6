package dev.lizard.text.jinja;

/** A piece of a template's source; {@code text} is a string's value, a name, a number's digits or a sign. */
record Token(Kind kind, String text, int line) {
    enum Kind {
        /** Text outside of all tags. */
        DATA,
        /** <code>{{</code> */
        OUTPUT_BEGIN,
        /** <code>}}</code> */
        OUTPUT_END,
        /** <code>{%</code> */
        BLOCK_BEGIN,
        /** <code>%}</code> */
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        REAL,
        SIGN,
        END
    }

    boolean is(Kind wanted, String value) {
        return kind == wanted && text.equals(value);
    }

    boolean isSign(String sign) {
        return is(Kind.SIGN, sign);
    }

    boolean isName(String name) {
        return is(Kind.NAME, name);
    }

    /** How messages call it. */
    String shown() {
        return switch (kind) {
            case END -> "the end of the template";
            case OUTPUT_END -> "'}}'";
            case BLOCK_END -> "'%}'";
            case DATA, OUTPUT_BEGIN, BLOCK_BEGIN, NAME, STRING, INTEGER, REAL, SIGN -> "'" + text + "'";
        };
    }
}
