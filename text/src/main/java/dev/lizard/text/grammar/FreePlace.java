package dev.lizard.text.grammar;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * In an object whose names are free, but each only once. Names are written without escapes, so that they are the same
 * only where they look the same.
 *
 * @param least bytes of a value
 * @param names that were written; none behind the opening brace
 */
record FreePlace(Rule value, int least, @Nullable Name names, Place then) implements Place {
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
        return Words.of(Words.BRACE, Gap.before(new FreePlace(value, value.least(), null, then)));
    }

    @Override
    public void step(int b, List<Place> next) {
        if (b == '}') {
            Place.add(next, then);
        } else if (names == null && b == '"') {
            Place.add(next, new InName(this, null, 0, Utf8.WHOLE));
        } else if (names != null && b == ',' && names.count < MOST) {
            Place.add(next, Gap.before(Words.of(Words.QUOTE, new InName(this, null, 0, Utf8.WHOLE))));
        }
    }

    @Override
    public int distance() {
        return 1 + then.distance();
    }

    /** The bytes of a name that were written, the last first. */
    private record Bytes(@Nullable Bytes before, int last) {
        static String text(@Nullable Bytes bytes, int length) {
            char[] text = new char[length];
            Bytes one = bytes;
            for (int i = length - 1; one != null; i--) {
                text[i] = (char) one.last;
                one = one.before;
            }
            return new String(text);
        }
    }

    /** In a name. Every token is tried here, so it costs little to go on. */
    private record InName(FreePlace object, @Nullable Bytes bytes, int length, int character) implements Place {
        private static final int LONGEST = 64;

        @Override
        public void step(int b, List<Place> next) {
            if (character == Utf8.WHOLE && b == '"') {
                if (!isTaken()) {
                    Name names = Name.after(object.names, Bytes.text(bytes, length));
                    Place behind = new FreePlace(object.value, object.least, names, object.then);
                    Place value = Gap.before(object.value.begin(Gap.before(behind)));
                    Place.add(next, Words.of(Words.COLON, value));
                }
            } else if (b >= ' ' && b != '\\' && (length < LONGEST || character != Utf8.WHOLE)) {
                int state = Utf8.next(character, b);
                if (state != Utf8.BROKEN) {
                    Place.add(next, new InName(object, new Bytes(bytes, b), length + 1, state));
                }
            }
        }

        private boolean isTaken() {
            return object.names != null && Name.contains(object.names, Bytes.text(bytes, length));
        }

        @Override
        public int distance() {
            return Utf8.left(character) + (isTaken() ? 1 : 0) + ":\"".length() + object.least + object.distance();
        }
    }
}
