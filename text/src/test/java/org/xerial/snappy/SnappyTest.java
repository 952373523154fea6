package org.xerial.snappy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnappyTest {
    @ParameterizedTest
    @CsvSource({
        "0c 08 616263 15 03, abcabcabcabc", // a literal of 3, a copy of 9 from 3 back
        "0c 08 616263 22 0300, abcabcabcabc", // the same with an offset of two bytes
        "0c 08 616263 23 03000000, abcabcabcabc", // of four
        "05 f0 04 68656c6c6f, hello", // a literal whose length has a byte of its own
        "05 f4 0400 68656c6c6f, hello"
    })
    void literalsAndCopies(String hex, String text) throws IOException {
        assertThat(unpacked(bytes(hex), text.length())).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", // nothing
                "0c", // a length alone
                "0c 08 616263", // too little
                "0d 08 616263 15 03", // claims more than fits
                "ffffffff0f 00 61", // far more
                "ffffffffff01 00 61", // no varint
                "0c 08 616263 15 04", // a copy from before the beginning
                "0c 08 616263 15 00", // of nothing
                "04 08 616263 15 03", // a copy beyond the end
                "0c 08 6162", // a literal that is cut
                "0c fc ffffffff 61" // of two to the 32
            })
    void damagedBytesAreRefused(String hex) {
        assertThatThrownBy(() -> unpacked(bytes(hex), 12))
                .isInstanceOf(IOException.class)
                .hasMessage("damaged Snappy bytes");
    }

    @Test
    void whateverTheBytesNothingIsWrittenBeyondTheTarget() {
        Random random = new Random(7);
        byte[] whole = bytes("0c 08 616263 15 03");
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = whole.clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try {
                assertThat(unpacked(bytes, 12)).hasSizeLessThanOrEqualTo(12);
            } catch (IOException told) {
                assertThat(told).hasMessage("damaged Snappy bytes");
            }
        }
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    private static String unpacked(byte[] bytes, int room) throws IOException {
        ByteBuffer out = ByteBuffer.allocateDirect(room + 8).limit(room);
        int length = Snappy.uncompress(ByteBuffer.wrap(bytes), out);
        assertThat(out.remaining()).isEqualTo(length);
        byte[] text = new byte[length];
        out.get(0, text);
        return new String(text, UTF_8);
    }
}
