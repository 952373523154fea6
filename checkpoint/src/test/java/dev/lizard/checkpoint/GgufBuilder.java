package dev.lizard.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes small GGUF files, right or wrong, for tests. */
final class GgufBuilder {
    private final Map<String, Object> metadata = new LinkedHashMap<>();
    private final ByteArrayOutputStream table = new ByteArrayOutputStream();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private int tensors;

    int magic = 0x46554747;
    int version = 3;
    long tensorCount = -1;
    long entryCount = -1;

    /** A long is written as uint32, a double as float32, a list of floats as an array of float32. */
    GgufBuilder put(String key, Object value) {
        metadata.put(key, value);
        return this;
    }

    /** A float32 tensor, shape row-major. */
    GgufBuilder tensor(String name, List<Long> shape, float... values) {
        ByteBuffer bytes = buffer(values.length * 4);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return tensor(name, shape, 0, data.size(), bytes.array());
    }

    GgufBuilder tensor(String name, List<Long> shape, int type, long offset, byte[] bytes) {
        text(table, name);
        table.writeBytes(buffer(4).putInt(shape.size()).array());
        for (long axis : shape.reversed()) {
            table.writeBytes(buffer(8).putLong(axis).array());
        }
        table.writeBytes(buffer(12).putInt(type).putLong(offset).array());
        data.writeBytes(bytes);
        data.writeBytes(new byte[Math.ceilDiv(data.size(), 32) * 32 - data.size()]);
        tensors++;
        return this;
    }

    byte[] build() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(buffer(8).putInt(magic).putInt(version).array());
        out.writeBytes(
                buffer(8).putLong(tensorCount < 0 ? tensors : tensorCount).array());
        out.writeBytes(
                buffer(8).putLong(entryCount < 0 ? metadata.size() : entryCount).array());
        metadata.forEach((key, value) -> {
            text(out, key);
            value(out, value);
        });
        out.writeBytes(table.toByteArray());
        out.writeBytes(new byte[Math.ceilDiv(out.size(), 32) * 32 - out.size()]);
        out.writeBytes(data.toByteArray());
        return out.toByteArray();
    }

    private static void value(ByteArrayOutputStream out, Object value) {
        switch (value) {
            case Long number ->
                out.writeBytes(buffer(8).putInt(4).putInt(number.intValue()).array());
            case Double number ->
                out.writeBytes(buffer(8).putInt(6).putFloat(number.floatValue()).array());
            case Boolean flag ->
                out.writeBytes(buffer(5).putInt(7).put((byte) (flag ? 1 : 0)).array());
            case String text -> {
                out.writeBytes(buffer(4).putInt(8).array());
                text(out, text);
            }
            case List<?> texts -> {
                out.writeBytes(
                        buffer(16).putInt(9).putInt(8).putLong(texts.size()).array());
                texts.forEach(text -> text(out, (String) text));
            }
            case byte[] raw -> out.writeBytes(raw);
            default -> throw new IllegalArgumentException("no form for " + value);
        }
    }

    private static void text(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeBytes(buffer(8).putLong(bytes.length).array());
        out.writeBytes(bytes);
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** One layer of width 4 with two heads of width 2 over one key head; values count up from {@code first}. */
    static GgufBuilder tinyLlama(String architecture) {
        GgufBuilder builder = new GgufBuilder()
                .put("general.architecture", architecture)
                .put(architecture + ".block_count", 1L)
                .put(architecture + ".context_length", 128L)
                .put(architecture + ".embedding_length", 8L)
                .put(architecture + ".feed_forward_length", 3L)
                .put(architecture + ".attention.head_count", 2L)
                .put(architecture + ".attention.head_count_kv", 1L)
                .put(architecture + ".attention.layer_norm_rms_epsilon", 1e-5)
                .put(architecture + ".rope.freq_base", 500_000.0)
                .put("tokenizer.ggml.bos_token_id", 0L)
                .put("tokenizer.ggml.eos_token_id", 2L);
        return builder.tensor("token_embd.weight", List.of(5L, 8L), counting(40))
                .tensor("blk.0.attn_q.weight", List.of(8L, 8L), counting(64))
                .tensor("blk.0.attn_k.weight", List.of(4L, 8L), counting(32))
                .tensor("blk.0.attn_q.bias", List.of(8L), counting(8))
                .tensor("output_norm.weight", List.of(8L), counting(8));
    }

    static float[] counting(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = i;
        }
        return values;
    }
}
