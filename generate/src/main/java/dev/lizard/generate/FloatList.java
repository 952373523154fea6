package dev.lizard.generate;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/** Numbers that are read alone, four bytes each: a list of objects takes five times that. */
final class FloatList extends AbstractList<Float> implements RandomAccess {
    private final float[] values;

    /** Takes the array over. */
    FloatList(float[] values) {
        this.values = values;
    }

    /** {@code list} itself where it is one of these. */
    static FloatList copyOf(List<Float> list) {
        if (list instanceof FloatList same) {
            return same;
        }
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i);
        }
        return new FloatList(values);
    }

    @Override
    public Float get(int index) {
        return values[index];
    }

    @Override
    public int size() {
        return values.length;
    }
}
