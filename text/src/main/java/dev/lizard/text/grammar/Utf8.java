package dev.lizard.text.grammar;

/** Follows the bytes of characters; a state is where the next one stands. */
final class Utf8 {
    /** Between two characters. */
    static final int WHOLE = 0;

    static final int BROKEN = -1;

    private static final int TWO = 2;
    private static final int THREE = 3;
    private static final int AFTER_E0 = 4; // what is left must not be too short a number,
    private static final int AFTER_ED = 5; // a surrogate,
    private static final int AFTER_F0 = 6;
    private static final int AFTER_F4 = 7; // or beyond the last character
    private static final int[] LEFT = {0, 1, 2, 3, 2, 2, 3, 3};

    private Utf8() {}

    /** Bytes that the character still needs. */
    static int left(int state) {
        return LEFT[state];
    }

    static int next(int state, int b) {
        return switch (state) {
            case WHOLE -> first(b);
            case AFTER_E0 -> b >= 0xA0 && b < 0xC0 ? 1 : BROKEN;
            case AFTER_ED -> b >= 0x80 && b < 0xA0 ? 1 : BROKEN;
            case AFTER_F0 -> b >= 0x90 && b < 0xC0 ? TWO : BROKEN;
            case AFTER_F4 -> b >= 0x80 && b < 0x90 ? TWO : BROKEN;
            default -> b >= 0x80 && b < 0xC0 ? state - 1 : BROKEN;
        };
    }

    private static int first(int b) {
        if (b < 0x80) {
            return WHOLE;
        }
        return switch (b) {
            case 0xE0 -> AFTER_E0;
            case 0xED -> AFTER_ED;
            case 0xF0 -> AFTER_F0;
            case 0xF4 -> AFTER_F4;
            default -> b < 0xC2 || b > 0xF4 ? BROKEN : b < 0xE0 ? 1 : b < 0xF0 ? TWO : THREE;
        };
    }
}
