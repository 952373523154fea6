package dev.lizard.text;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The alphabet of byte-level BPE: every byte as one printable character, so that a vocabulary is readable text. Bytes
 * that print in Latin-1 stand for themselves; the others take the characters from U+0100 on, in order.
 */
final class ByteAlphabet {
    private static final char[] CHAR_OF_BYTE = new char[256];
    private static final Map<Character, Byte> BYTE_OF_CHAR = new HashMap<>();

    static {
        char next = 0x100;
        for (int b = 0; b < 256; b++) {
            CHAR_OF_BYTE[b] = prints(b) ? (char) b : next++;
            BYTE_OF_CHAR.put(CHAR_OF_BYTE[b], (byte) b);
        }
    }

    private ByteAlphabet() {}

    private static boolean prints(int b) {
        return (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || (b >= 0xAE);
    }

    /** The character of {@code b}, 0 to 255. */
    static char charOf(int b) {
        return CHAR_OF_BYTE[b];
    }

    /** The bytes that {@code piece} spells, or null where a character is outside the alphabet. */
    static byte @Nullable [] bytesOf(String piece) {
        byte[] bytes = new byte[piece.length()];
        for (int i = 0; i < bytes.length; i++) {
            Byte b = BYTE_OF_CHAR.get(piece.charAt(i));
            if (b == null) {
                return null;
            }
            bytes[i] = b;
        }
        return bytes;
    }
}
