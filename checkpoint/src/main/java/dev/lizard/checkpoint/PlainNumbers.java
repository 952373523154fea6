package dev.lizard.checkpoint;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Little-endian plain numbers to float32. */
final class PlainNumbers {
    private static final VarHandle LONG = view(long[].class);
    private static final VarHandle INT = view(int[].class);
    private static final VarHandle SHORT = view(short[].class);
    private static final VarHandle DOUBLE = view(double[].class);
    private static final VarHandle FLOAT = view(float[].class);

    private PlainNumbers() {}

    private static VarHandle view(Class<?> array) {
        return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
    }

    /** The half-precision number at byte {@code at}. */
    static float half(byte[] in, int at) {
        return Float.float16ToFloat((short) SHORT.get(in, at));
    }

    /** The four bytes at {@code at}. */
    static int bits(byte[] in, int at) {
        return (int) INT.get(in, at);
    }

    static void f64(byte[] in, float[] out, int count) {
        for (int i = 0; i < count; i++) {
            out[i] = (float) (double) DOUBLE.get(in, i * 8);
        }
    }

    static void f32(byte[] in, float[] out, int count) {
        for (int i = 0; i < count; i++) {
            out[i] = (float) FLOAT.get(in, i * 4);
        }
    }

    static void f16(byte[] in, float[] out, int count) {
        for (int i = 0; i < count; i++) {
            out[i] = Float.float16ToFloat((short) SHORT.get(in, i * 2));
        }
    }

    static void bf16(byte[] in, float[] out, int count) {
        for (int i = 0; i < count; i++) {
            out[i] = Float.intBitsToFloat((short) SHORT.get(in, i * 2) << 16);
        }
    }

    static void i64(byte[] in, float[] out, int count) {
        for (int i = 0; i < count; i++) {
            out[i] = (float) (long) LONG.get(in, i * 8);
        }
    }

    static void i32(byte[] in, float[] out, int count) {
        for (int i = 0; i < count; i++) {
            out[i] = (float) (int) INT.get(in, i * 4);
        }
    }

    static void i16(byte[] in, float[] out, int count) {
        for (int i = 0; i < count; i++) {
            out[i] = (short) SHORT.get(in, i * 2);
        }
    }

    static void i8(byte[] in, float[] out, int count) {
        for (int i = 0; i < count; i++) {
            out[i] = in[i];
        }
    }

    static void u8(byte[] in, float[] out, int count) {
        for (int i = 0; i < count; i++) {
            out[i] = in[i] & 0xFF;
        }
    }
}
