package dev.lizard.checkpoint;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.lizard.base.LizardException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What training changed of a model's weights, in few bits: of each matrix W the rows of W' - W as whole numbers with a
 * scale a row, of each vector the new numbers themselves.
 *
 * <pre>
 *   c = round((W' - W) / s)      s = max |W' - W| of the row / (2^(b-1) - 1)      W' is read as W + s c
 * </pre>
 *
 * <p>{@code NAME} holds c, as I8 [rows, columns] for b = 8, two a byte for b = 4, the first in the low half; {@code
 * NAME.scale} holds s as F32 [rows]. A vector is F32 under its own name.
 */
public final class WeightDelta implements WeightSource {
    static final String FILE = "delta.safetensors";
    private static final String SCALE = ".scale";

    private final WeightSource base;
    private final SafetensorsFile delta;

    private WeightDelta(WeightSource base, SafetensorsFile delta) {
        this.base = base;
        this.delta = delta;
    }

    /**
     * The weights with their changes; closes both.
     *
     * @throws LizardException INPUT for a change of a weight that is not there, or of another shape
     */
    static WeightSource over(WeightSource base, SafetensorsFile delta) {
        try {
            WeightDelta both = new WeightDelta(base, delta);
            delta.names().stream().filter(name -> !name.endsWith(SCALE)).forEach(both::check);
            return both;
        } catch (RuntimeException e) {
            delta.close();
            throw e;
        }
    }

    private void check(String name) {
        List<Long> shape = base.info(name).shape();
        TensorInfo stored = delta.info(name);
        boolean fits = shape.size() == 2
                ? stored.type() == StoredType.I8
                        && bits(shape, stored) > 0
                        && delta.contains(name + SCALE)
                        && delta.info(name + SCALE).type() == StoredType.F32
                        && delta.info(name + SCALE).shape().equals(shape.subList(0, 1))
                : stored.type() == StoredType.F32 && stored.shape().equals(shape);
        if (!fits) {
            throw BadFile.in(
                    delta.path(),
                    name,
                    "change that does not fit its weight",
                    "one of " + shape,
                    stored.type() + " " + stored.shape(),
                    "use it with the model it was made of");
        }
    }

    /** 8 or 4, or 0 for neither. */
    private static int bits(List<Long> shape, TensorInfo stored) {
        long columns = shape.get(1);
        return stored.shape().equals(shape)
                ? 8
                : stored.shape().equals(List.of(shape.get(0), Math.ceilDiv(columns, 2L))) ? 4 : 0;
    }

    /**
     * The changes from {@code base} to {@code trained}, to be written; empty where the two are the same.
     *
     * @param bits 8 or 4
     * @throws LizardException INPUT where {@code base} has no such weight
     */
    public static List<StoredTensor> between(WeightSource base, WeightSource trained, int bits) {
        List<StoredTensor> changes = new ArrayList<>();
        for (String name : trained.names()) {
            TensorInfo info = trained.info(name);
            float[] to = trained.readFloat32(name);
            float[] from = base.readFloat32(name);
            if (!info.shape().equals(base.info(name).shape())) {
                throw BadFile.in(
                        trained.file(name),
                        name,
                        "weight of another shape than its base's",
                        base.info(name).shape().toString(),
                        info.shape(),
                        "give the model that it was made of");
            }
            if (!Arrays.equals(from, to)) {
                if (info.shape().size() == 2) {
                    changes.addAll(matrix(name, from, to, info.shape(), bits));
                } else {
                    changes.add(floats(name, to, info.shape()));
                }
            }
        }
        return changes;
    }

    private static List<StoredTensor> matrix(String name, float[] from, float[] to, List<Long> shape, int bits) {
        int rows = Math.toIntExact(shape.get(0));
        int columns = Math.toIntExact(shape.get(1));
        int width = bits == 8 ? columns : Math.ceilDiv(columns, 2);
        byte[] codes = new byte[Math.multiplyExact(rows, width)];
        float[] scales = new float[rows];
        int most = (1 << (bits - 1)) - 1;
        for (int row = 0; row < rows; row++) {
            float largest = 0;
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                largest = Math.max(largest, Math.abs(to[i] - from[i]));
            }
            float scale = largest / most;
            scales[row] = scale;
            for (int column = 0; scale > 0 && column < columns; column++) {
                int i = row * columns + column;
                int code = Math.clamp(Math.round((to[i] - from[i]) / scale), -most, most);
                if (bits == 8) {
                    codes[i] = (byte) code;
                } else {
                    codes[row * width + column / 2] |= (byte) ((code & 15) << (column % 2 * 4));
                }
            }
        }
        TensorInfo info = new TensorInfo(name, StoredType.I8, List.of((long) rows, (long) width));
        return List.of(
                new StoredTensor(info, () -> MemorySegment.ofArray(codes)),
                floats(name + SCALE, scales, shape.subList(0, 1)));
    }

    private static StoredTensor floats(String name, float[] values, List<Long> shape) {
        TensorInfo info = new TensorInfo(name, StoredType.F32, shape);
        return new StoredTensor(info, () -> MemorySegment.ofArray(values));
    }

    private MemorySegment changed(String name, Arena arena) {
        TensorInfo stored = delta.info(name);
        MemorySegment values = arena.allocate(info(name).byteSize(), JAVA_FLOAT.byteAlignment());
        if (stored.type() == StoredType.F32) {
            return values.copyFrom(delta.raw(name));
        }
        base.readFloat32(name, values);
        List<Long> shape = base.info(name).shape();
        int bits = bits(shape, stored);
        int columns = Math.toIntExact(shape.get(1));
        int width = Math.toIntExact(stored.shape().get(1));
        float[] scales = delta.readFloat32(name + SCALE);
        MemorySegment codes = delta.raw(name);
        for (int row = 0; row < scales.length; row++) {
            byte[] line = codes.asSlice((long) row * width, width).toArray(JAVA_BYTE);
            long at = (long) row * columns;
            for (int column = 0; column < columns; column++) {
                int code = bits == 8 ? line[column] : (line[column / 2] << (28 - column % 2 * 4)) >> 28;
                float value = values.getAtIndex(JAVA_FLOAT, at + column) + code * scales[row];
                values.setAtIndex(JAVA_FLOAT, at + column, value);
            }
        }
        return values;
    }

    @Override
    public Set<String> names() {
        return base.names();
    }

    @Override
    public TensorInfo info(String name) {
        TensorInfo own = base.info(name);
        return delta.contains(name) ? new TensorInfo(own.name(), StoredType.F32, own.shape()) : own;
    }

    @Override
    public MemorySegment raw(String name) {
        return delta.contains(name) ? changed(name, Arena.ofAuto()) : base.raw(name);
    }

    @Override
    public void read(String name, Consumer<MemorySegment> reader) {
        if (!delta.contains(name)) {
            base.read(name, reader);
            return;
        }
        try (Arena arena = Arena.ofShared()) {
            reader.accept(changed(name, arena));
        }
    }

    @Override
    public Path file(String name) {
        return delta.contains(name) ? delta.path() : base.file(name);
    }

    @Override
    public String storedName(String name) {
        return base.storedName(name);
    }

    @Override
    public void close() {
        base.close();
        delta.close();
    }
}
