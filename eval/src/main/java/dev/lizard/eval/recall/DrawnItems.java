package dev.lizard.eval.recall;

import dev.lizard.eval.task.Item;
import java.util.AbstractList;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/** Items that are drawn when they are asked for: whoever wants few pays for few. */
final class DrawnItems extends AbstractList<Item> {
    private final int count;
    private final IntFunction<Item> draw;
    private final Map<Integer, Item> drawn = new HashMap<>();

    DrawnItems(int count, IntFunction<Item> draw) {
        this.count = count;
        this.draw = draw;
    }

    @Override
    public Item get(int index) {
        return drawn.computeIfAbsent(Objects.checkIndex(index, count), draw::apply);
    }

    @Override
    public int size() {
        return count;
    }
}
