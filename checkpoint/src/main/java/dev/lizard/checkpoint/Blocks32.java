package dev.lizard.checkpoint;

import static dev.lizard.checkpoint.PlainNumbers.bits;
import static dev.lizard.checkpoint.PlainNumbers.half;

/**
 * GGUF's blocks of 32 numbers. Each has a half-precision scale d (and, in the {@code _1} forms, a minimum m); number i
 * of the lower half sits in the low four bits of byte i, number i + 16 in the high four; the {@code 5} forms keep the
 * fifth bits in one 32-bit word. A value is {@code d * (q - middle)} or {@code d * q + m}.
 */
final class Blocks32 {
    private static final int SIZE = 32;
    private static final int HALF = 16;

    private Blocks32() {}

    /** {@code d, int8 q[32]}. */
    static void q8_0(byte[] in, float[] out, int blocks) {
        for (int b = 0; b < blocks; b++) {
            int at = b * 34;
            float d = half(in, at);
            for (int i = 0; i < SIZE; i++) {
                out[b * SIZE + i] = in[at + 2 + i] * d;
            }
        }
    }

    /** {@code d, nibbles[16]}, middle 8. */
    static void q4_0(byte[] in, float[] out, int blocks) {
        for (int b = 0; b < blocks; b++) {
            int at = b * 18;
            float d = half(in, at);
            for (int i = 0; i < HALF; i++) {
                int pair = in[at + 2 + i] & 0xFF;
                out[b * SIZE + i] = ((pair & 0xF) - 8) * d;
                out[b * SIZE + HALF + i] = ((pair >> 4) - 8) * d;
            }
        }
    }

    /** {@code d, m, nibbles[16]}. */
    static void q4_1(byte[] in, float[] out, int blocks) {
        for (int b = 0; b < blocks; b++) {
            int at = b * 20;
            float d = half(in, at);
            float m = half(in, at + 2);
            for (int i = 0; i < HALF; i++) {
                int pair = in[at + 4 + i] & 0xFF;
                out[b * SIZE + i] = (pair & 0xF) * d + m;
                out[b * SIZE + HALF + i] = (pair >> 4) * d + m;
            }
        }
    }

    /** {@code d, fifth bits, nibbles[16]}, middle 16. */
    static void q5_0(byte[] in, float[] out, int blocks) {
        for (int b = 0; b < blocks; b++) {
            int at = b * 22;
            float d = half(in, at);
            int fifth = bits(in, at + 2);
            for (int i = 0; i < HALF; i++) {
                int pair = in[at + 6 + i] & 0xFF;
                out[b * SIZE + i] = (low(pair, fifth, i) - 16) * d;
                out[b * SIZE + HALF + i] = (high(pair, fifth, i) - 16) * d;
            }
        }
    }

    /** {@code d, m, fifth bits, nibbles[16]}. */
    static void q5_1(byte[] in, float[] out, int blocks) {
        for (int b = 0; b < blocks; b++) {
            int at = b * 24;
            float d = half(in, at);
            float m = half(in, at + 2);
            int fifth = bits(in, at + 4);
            for (int i = 0; i < HALF; i++) {
                int pair = in[at + 8 + i] & 0xFF;
                out[b * SIZE + i] = low(pair, fifth, i) * d + m;
                out[b * SIZE + HALF + i] = high(pair, fifth, i) * d + m;
            }
        }
    }

    private static int low(int pair, int fifth, int i) {
        return (pair & 0xF) | (((fifth >>> i) & 1) << 4);
    }

    private static int high(int pair, int fifth, int i) {
        return (pair >> 4) | (((fifth >>> (i + HALF)) & 1) << 4);
    }
}
