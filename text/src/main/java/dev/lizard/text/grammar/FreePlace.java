package dev.lizard.text.grammar;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * In an object whose names are free, but each only once. Names are written without escapes, so that they are the same
 * only where they look the same.
 *
 * @param names that were written; none behind the opening brace
 */
record FreePlace(Rule value, @Nullable Name names, Place then) implements Place {
    /** Few enough that a name can always be made another one by one more character. */
    private static final int MOST = 64;

    /** A list of names, the last first. */
    record Name(String text, @Nullable Name before, int count) {
        static Name after(@Nullable Name before, String text) {
            return new Name(text, before, before == null ? 1 : before.count + 1);
        }

        static boolean contains(@Nullable Name names, String text) {
            for (Name name = names; name != null; name = name.before) {
                if (name.text.equals(text)) {
                    return true;
                }
            }
            return false;
        }
    }

    static Place begin(Rule value, Place then) {
        return Words.of(Words.BRACE, Gap.before(new FreePlace(value, null, then)));
    }

    @Override
    public void step(int b, List<Place> next) {
        if (b == '}') {
            Place.add(next, then);
        } else if (names == null && b == '"') {
            Place.add(next, new InName(this, "", Utf8.WHOLE));
        } else if (names != null && b == ',' && names.count < MOST) {
            Place.add(next, Gap.before(Words.of(Words.QUOTE, new InName(this, "", Utf8.WHOLE))));
        }
    }

    @Override
    public int distance() {
        return 1 + then.distance();
    }

    /** In a name: its bytes so far, a character each. */
    record InName(FreePlace object, String name, int character) implements Place {
        private static final int LONGEST = 64;

        @Override
        public void step(int b, List<Place> next) {
            if (character == Utf8.WHOLE && b == '"') {
                if (!Name.contains(object.names, name)) {
                    Place behind = new FreePlace(object.value, Name.after(object.names, name), object.then);
                    Place.add(next, Words.of(Words.COLON, Gap.before(object.value.begin(Gap.before(behind)))));
                }
            } else if (b >= ' ' && b != '\\' && (name.length() < LONGEST || character != Utf8.WHOLE)) {
                int state = Utf8.next(character, b);
                if (state != Utf8.BROKEN) {
                    Place.add(next, new InName(object, name + (char) b, state));
                }
            }
        }

        @Override
        public int distance() {
            int another = Name.contains(object.names, name) ? 1 : 0;
            return Utf8.left(character) + another + ":\"".length() + object.value.least() + object.distance();
        }
    }
}
