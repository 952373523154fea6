package dev.lizard.checkpoint;

import static dev.lizard.checkpoint.PlainNumbers.half;

/**
 * GGUF's blocks of 256 numbers (the K types): sub-blocks of 16 or 32 numbers with small integer scales (and, in Q2, Q4
 * and Q5, minima), which share half-precision factors. A value is {@code d * scale * q - dmin * min}; the products are
 * taken in the order of the reference, so that rounding is the same.
 */
final class Blocks256 {
    private static final int SIZE = 256;

    private Blocks256() {}

    /** {@code (scale | min << 4)[16], two-bit q[64], d, dmin}; sub-blocks of 16. */
    static void q2(byte[] in, float[] out, int blocks) {
        for (int b = 0; b < blocks; b++) {
            int at = b * 84;
            float d = half(in, at + 80);
            float dmin = half(in, at + 82);
            for (int sub = 0; sub < 16; sub++) {
                int scales = in[at + sub] & 0xFF;
                float scale = d * (scales & 0xF);
                float min = dmin * (scales >> 4);
                int bytes = at + 16 + twoBitBytes(sub);
                int shift = twoBitShift(sub);
                int o = b * SIZE + sub * 16;
                for (int i = 0; i < 16; i++) {
                    out[o + i] = scale * ((in[bytes + i] >> shift) & 3) - min;
                }
            }
        }
    }

    /** {@code third bits[32], two-bit q[64], six-bit scales[12], d}; sub-blocks of 16, middle 4. */
    static void q3(byte[] in, float[] out, int blocks) {
        for (int b = 0; b < blocks; b++) {
            int at = b * 110;
            float d = half(in, at + 108);
            for (int sub = 0; sub < 16; sub++) {
                float scale = d * (q3Scale(in, at + 96, sub) - 32);
                int bytes = at + 32 + twoBitBytes(sub);
                int shift = twoBitShift(sub);
                int thirds = at + (sub % 2) * 16;
                int thirdShift = sub / 2;
                int o = b * SIZE + sub * 16;
                for (int i = 0; i < 16; i++) {
                    int third = (in[thirds + i] >> thirdShift) & 1;
                    out[o + i] = scale * (((in[bytes + i] >> shift) & 3) + 4 * third - 4);
                }
            }
        }
    }

    /** {@code d, dmin, six-bit scales and minima[12], nibbles[128]}; sub-blocks of 32. */
    static void q4(byte[] in, float[] out, int blocks) {
        for (int b = 0; b < blocks; b++) {
            int at = b * 144;
            float d = half(in, at);
            float dmin = half(in, at + 2);
            for (int sub = 0; sub < 8; sub++) {
                float scale = d * scale6(in, at + 4, sub);
                float min = dmin * min6(in, at + 4, sub);
                int bytes = at + 16 + (sub / 2) * 32;
                int shift = (sub % 2) * 4;
                int o = b * SIZE + sub * 32;
                for (int i = 0; i < 32; i++) {
                    out[o + i] = scale * ((in[bytes + i] >> shift) & 0xF) - min;
                }
            }
        }
    }

    /** {@code d, dmin, six-bit scales and minima[12], fifth bits[32], nibbles[128]}; sub-blocks of 32. */
    static void q5(byte[] in, float[] out, int blocks) {
        for (int b = 0; b < blocks; b++) {
            int at = b * 176;
            float d = half(in, at);
            float dmin = half(in, at + 2);
            for (int sub = 0; sub < 8; sub++) {
                float scale = d * scale6(in, at + 4, sub);
                float min = dmin * min6(in, at + 4, sub);
                int bytes = at + 48 + (sub / 2) * 32;
                int shift = (sub % 2) * 4;
                int o = b * SIZE + sub * 32;
                for (int i = 0; i < 32; i++) {
                    int fifth = (in[at + 16 + i] >> sub) & 1;
                    out[o + i] = scale * (((in[bytes + i] >> shift) & 0xF) + 16 * fifth) - min;
                }
            }
        }
    }

    /** {@code low nibbles[128], high two bits[64], int8 scales[16], d}; sub-blocks of 16, middle 32. */
    static void q6(byte[] in, float[] out, int blocks) {
        for (int b = 0; b < blocks; b++) {
            int at = b * 210;
            float d = half(in, at + 208);
            for (int sub = 0; sub < 16; sub++) {
                float scale = d * in[at + 192 + sub];
                int inHalf = sub % 8;
                int lows = at + (sub / 8) * 64 + (inHalf % 4) * 16;
                int lowShift = (inHalf / 4) * 4;
                int highs = at + 128 + (sub / 8) * 32 + (sub % 2) * 16;
                int highShift = (inHalf / 2) * 2;
                int o = b * SIZE + sub * 16;
                for (int i = 0; i < 16; i++) {
                    int low = (in[lows + i] >> lowShift) & 0xF;
                    int high = (in[highs + i] >> highShift) & 3;
                    out[o + i] = scale * ((low | (high << 4)) - 32);
                }
            }
        }
    }

    /** Two-bit numbers: each half of the block has 32 bytes; sub-blocks alternate between their first and last 16. */
    private static int twoBitBytes(int sub) {
        return (sub / 8) * 32 + (sub % 2) * 16;
    }

    private static int twoBitShift(int sub) {
        return ((sub % 8) / 2) * 2;
    }

    /** Sixteen six-bit scales in 12 bytes: low nibbles in the first eight bytes, high two bits in the last four. */
    private static int q3Scale(byte[] in, int at, int sub) {
        int low = (in[at + sub % 8] >> ((sub / 8) * 4)) & 0xF;
        int high = (in[at + 8 + sub % 4] >> ((sub / 4) * 2)) & 3;
        return low | (high << 4);
    }

    /** Scale of sub-block {@code sub}: six bits of its byte, or a nibble and the two spare bits of an earlier byte. */
    private static int scale6(byte[] in, int at, int sub) {
        return sub < 4 ? in[at + sub] & 63 : (in[at + sub + 4] & 0xF) | (((in[at + sub - 4] >> 6) & 3) << 4);
    }

    /** Minimum of sub-block {@code sub}, packed likewise. */
    private static int min6(byte[] in, int at, int sub) {
        return sub < 4 ? in[at + sub + 4] & 63 : ((in[at + sub + 4] >> 4) & 0xF) | (((in[at + sub] >> 6) & 3) << 4);
    }
}
