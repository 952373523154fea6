package dev.lizard.text.jinja;

import java.util.AbstractList;
import java.util.RandomAccess;

/** The numbers from {@code from} to {@code to}, the latter not included, in steps. */
final class RangeItems extends AbstractList<Value> implements RandomAccess {
    private final long from;
    private final long to;
    private final long step;
    private final int size;

    RangeItems(long from, long to, long step, int size) {
        this.from = from;
        this.to = to;
        this.step = step;
        this.size = size;
    }

    @Override
    public Value get(int index) {
        return Value.of(from + index * step);
    }

    @Override
    public int size() {
        return size;
    }

    /** The part of {@code size} items from {@code begin} to {@code end} in steps of {@code by}. */
    RangeItems part(long begin, long end, long by, int picked) {
        return new RangeItems(from + begin * step, from + end * step, step * by, picked);
    }

    /** As Python writes it. */
    String text() {
        return "range(%d, %d%s)".formatted(from, to, step == 1 ? "" : ", " + step);
    }
}
