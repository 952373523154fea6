package dev.lizard.text.grammar;

import java.util.List;

/** Where a text stands in a grammar. Knows what follows, up to the end; immutable, equal where it goes on equally. */
interface Place {
    /** Adds the places after one more byte; none where it does not belong here. */
    void step(int b, List<Place> next);

    /** The fewest bytes to the end. */
    int distance();

    /** Whether the text may end here. */
    default boolean mayEnd() {
        return false;
    }

    /** Adds a place unless it is there. */
    static void add(List<Place> places, Place place) {
        if (places.isEmpty() || !places.contains(place)) {
            places.add(place);
        }
    }

    /** The end, where nothing follows. */
    record End() implements Place {
        static final End HERE = new End();

        @Override
        public void step(int b, List<Place> next) {}

        @Override
        public int distance() {
            return 0;
        }

        @Override
        public boolean mayEnd() {
            return true;
        }
    }

    /** Before one of several. */
    record Fork(List<Place> ways, int distance) implements Place {
        Fork(List<Place> ways) {
            this(ways, ways.stream().mapToInt(Place::distance).min().orElseThrow());
        }

        @Override
        public void step(int b, List<Place> next) {
            ways.forEach(way -> way.step(b, next));
        }
    }

    /** White space that may be left out: a space, or a new line and what it is indented by. */
    record Gap(Place then, int left) implements Place {
        private static final int FRESH = -1;
        private static final int INDENT = 24;

        static Gap before(Place then) {
            return new Gap(then, FRESH);
        }

        @Override
        public void step(int b, List<Place> next) {
            if (left == FRESH && b == ' ') {
                add(next, then);
            } else if (left == FRESH && b == '\n') {
                add(next, new Gap(then, INDENT));
            } else if (left > 0 && b == ' ') {
                add(next, new Gap(then, left - 1));
            } else {
                then.step(b, next);
            }
        }

        @Override
        public int distance() {
            return then.distance();
        }

        @Override
        public boolean mayEnd() {
            return then.mayEnd();
        }
    }
}
