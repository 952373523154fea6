package dev.lizard.text.grammar;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Inside a JSON string: {@code character} is a state of {@link Utf8}; no lone surrogates are written. */
record Inside(Place then, int character, Escape escape, int distance) implements Place {
    /** What of an escape was written, and how many bytes it needs at least. */
    enum Escape {
        NONE(0),
        BACKSLASH(1),
        U(4),
        U_D(3),
        U_1(3),
        U_2(2),
        U_3(1);

        private final int left;

        Escape(int left) {
            this.left = left;
        }
    }

    private Inside(Place then, int character, Escape escape) {
        this(then, character, escape, 1 + Utf8.left(character) + escape.left + then.distance());
    }

    /** Behind the opening quotation mark. */
    static Inside before(Place then) {
        return new Inside(then, Utf8.WHOLE, Escape.NONE);
    }

    @Override
    public void step(int b, List<Place> next) {
        if (escape != Escape.NONE) {
            Escape after = after(b);
            if (after != null) {
                Place.add(next, new Inside(then, Utf8.WHOLE, after));
            }
        } else if (character == Utf8.WHOLE && b == '"') {
            Place.add(next, then);
        } else if (character == Utf8.WHOLE && b == '\\') {
            Place.add(next, new Inside(then, Utf8.WHOLE, Escape.BACKSLASH));
        } else if (b >= ' ') {
            int state = Utf8.next(character, b);
            if (state != Utf8.BROKEN) {
                Place.add(next, state == character ? this : new Inside(then, state, Escape.NONE));
            }
        }
    }

    private @Nullable Escape after(int b) {
        boolean hex = Character.digit(b, 16) >= 0;
        return switch (escape) {
            case BACKSLASH -> b == 'u' ? Escape.U : "\"\\/bfnrt".indexOf(b) >= 0 ? Escape.NONE : null;
            case U -> b == 'd' || b == 'D' ? Escape.U_D : hex ? Escape.U_1 : null;
            case U_D -> b >= '0' && b <= '7' ? Escape.U_2 : null;
            case U_1 -> hex ? Escape.U_2 : null;
            case U_2 -> hex ? Escape.U_3 : null;
            case U_3 -> hex ? Escape.NONE : null;
            case NONE -> null;
        };
    }
}
