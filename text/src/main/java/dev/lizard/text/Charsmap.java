package dev.lizard.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;

/**
 * Examines SentencePiece's compiled normalisation: the size of a double array, the array (a trie over bytes), and the
 * replacements as texts that end in zero bytes. The library follows it without a look at its bounds.
 */
final class Charsmap {
    private Charsmap() {}

    /** Refuses what is no such map, or one that leads out of its array. */
    static void check(Section section) {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(section.text());
        } catch (IllegalArgumentException notBase64) {
            throw section.wrong("base64", "other characters");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int size = bytes.length < 8 ? -1 : in.getInt();
        if (size < 4 || size % 4 != 0 || size > bytes.length - 4) {
            throw section.wrong("a map with the size of its trie", "%d bytes".formatted(bytes.length));
        }
        int[] units = new int[size / 4];
        in.asIntBuffer().get(units);
        byte[] texts = new byte[bytes.length - 4 - size];
        in.position(4 + size).get(texts);
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(texts));
        } catch (CharacterCodingException notText) {
            throw section.wrong("replacements in UTF-8", "other bytes");
        }
        follow(section, units, texts);
    }

    /** Visits every place that some text leads to. */
    private static void follow(Section section, int[] units, byte[] texts) {
        BitSet seen = new BitSet(units.length);
        Deque<Integer> todo = new ArrayDeque<>();
        todo.add(offset(units[0]));
        while (!todo.isEmpty()) {
            int place = todo.remove();
            for (int label = 1; label < 256; label++) {
                int next = place ^ label;
                if (next < 0 || next >= units.length) {
                    throw section.wrong("a trie within its bounds", "one that leads out of them");
                }
                int unit = units[next];
                if ((unit & 0x800000FF) != label || seen.get(next)) {
                    continue;
                }
                seen.set(next);
                int below = next ^ offset(unit);
                if ((unit >>> 8 & 1) == 1) {
                    value(section, units, texts, below);
                }
                todo.add(below);
            }
        }
    }

    private static void value(Section section, int[] units, byte[] texts, int leaf) {
        int at = leaf >= 0 && leaf < units.length ? units[leaf] & 0x7FFFFFFF : -1;
        boolean begins = at >= 0 && at < texts.length && (texts[at] & 0xC0) != 0x80;
        if (!begins) {
            throw section.wrong("replacements where the trie says", "none at " + at);
        }
    }

    private static int offset(int unit) {
        return (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
    }
}
