package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_32BE;
import static java.nio.charset.StandardCharsets.UTF_32LE;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.io.Reader;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.util.Arrays;
import java.util.List;

/** Bytes as characters: UTF-8, or what a byte order mark says. The mark itself is left out. */
final class Unicode {
    /** The longer mark of two that begin alike comes first. */
    private static final List<Charset> MARKED = List.of(UTF_32LE, UTF_32BE, UTF_16LE, UTF_16BE, UTF_8);

    private static final int LONGEST_MARK = 4;

    private Unicode() {}

    /** Reading it throws {@link java.nio.charset.CharacterCodingException} for bytes that are no text. */
    static Reader reader(InputStream in) throws IOException {
        PushbackInputStream bytes = new PushbackInputStream(in, LONGEST_MARK);
        byte[] first = bytes.readNBytes(LONGEST_MARK);
        Charset charset = UTF_8;
        int mark = 0;
        for (Charset marked : MARKED) {
            byte[] wanted = "\uFEFF".getBytes(marked);
            if (first.length >= wanted.length && Arrays.equals(first, 0, wanted.length, wanted, 0, wanted.length)) {
                charset = marked;
                mark = wanted.length;
                break;
            }
        }
        bytes.unread(first, mark, first.length - mark);
        return new InputStreamReader(
                bytes,
                charset.newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT));
    }
}
