package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;

/**
 * Turns ids into text one at a time and never splits a character: bytes that may still become one (three at most) are
 * held back until it is whole. Bytes that can become none appear as U+FFFD. Not thread-safe; one a stream.
 */
public final class StreamDecoder {
    private final Vocabulary vocabulary;
    private final boolean skipSpecial;
    private final CharsetDecoder utf8 = UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private byte[] held = new byte[0];
    private boolean stripSpace;

    StreamDecoder(Vocabulary vocabulary, boolean skipSpecial, boolean stripSpace) {
        this.vocabulary = vocabulary;
        this.skipSpecial = skipSpecial;
        this.stripSpace = stripSpace;
    }

    /** The text that {@code id} completes: empty while a character is incomplete, or for an id that has no text. */
    public String append(int id) {
        if (skipSpecial && vocabulary.isSpecial(id)) {
            return "";
        }
        byte[] bytes = vocabulary.bytes(id);
        if (bytes.length == 0) {
            return "";
        }
        int from = stripSpace && bytes[0] == ' ' ? 1 : 0;
        stripSpace = false;
        ByteBuffer in = ByteBuffer.allocate(held.length + bytes.length - from);
        in.put(held).put(bytes, from, bytes.length - from).flip();
        return decode(in, false);
    }

    /** What was held back, as U+FFFD; the decoder is then ready for a text that goes on. */
    public String finish() {
        String rest = decode(ByteBuffer.wrap(held), true);
        utf8.reset();
        return rest;
    }

    private String decode(ByteBuffer in, boolean end) {
        // A byte yields one UTF-16 unit at most, so the buffer cannot overflow.
        CharBuffer out = CharBuffer.allocate(in.remaining());
        utf8.decode(in, out, end);
        held = new byte[in.remaining()];
        in.get(held);
        return out.flip().toString();
    }
}
