package dev.lizard.text.grammar;

import java.util.List;

/** In a list: behind its bracket, or behind an item. */
record ItemPlace(Rule item, boolean first, Place then, int distance) implements Place {
    ItemPlace(Rule item, boolean first, Place then) {
        this(item, first, then, 1 + then.distance());
    }

    @Override
    public void step(int b, List<Place> next) {
        if (b == ']') {
            Place.add(next, then);
        } else if (first) {
            item().begin(behind()).step(b, next);
        } else if (b == ',') {
            Place.add(next, Place.Gap.before(item.begin(behind())));
        }
    }

    private Place behind() {
        return Place.Gap.before(new ItemPlace(item, false, then));
    }
}
