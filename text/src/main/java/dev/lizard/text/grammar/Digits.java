package dev.lizard.text.grammar;

import java.util.List;

/**
 * In a number, which ends where something else follows.
 *
 * @param whole whether it has neither fraction nor exponent
 * @param count digits of the part
 */
record Digits(Part part, int count, boolean whole, Place then) implements Place {
    /** Digits of a part: what every reader can hold. */
    private static final int MOST = 15;

    private static final int MOST_EXPONENT = 2;

    /** What was written last. */
    enum Part {
        NOTHING,
        SIGN,
        ZERO,
        INTEGER,
        POINT,
        FRACTION,
        E,
        E_SIGN,
        EXPONENT
    }

    static Digits before(boolean whole, Place then) {
        return new Digits(Part.NOTHING, 0, whole, then);
    }

    @Override
    public void step(int b, List<Place> next) {
        boolean digit = b >= '0' && b <= '9';
        switch (part) {
            case NOTHING, SIGN -> {
                if (digit) {
                    go(b == '0' ? Part.ZERO : Part.INTEGER, next);
                } else if (b == '-' && part == Part.NOTHING) {
                    go(Part.SIGN, next);
                }
            }
            case ZERO, INTEGER, FRACTION -> {
                if (digit && part != Part.ZERO) {
                    more(MOST, next);
                } else if (b == '.' && part != Part.FRACTION && !whole) {
                    go(Part.POINT, next);
                } else if ((b == 'e' || b == 'E') && !whole) {
                    go(Part.E, next);
                } else if (!digit) {
                    then.step(b, next);
                }
            }
            case POINT -> {
                if (digit) {
                    go(Part.FRACTION, next);
                }
            }
            case E, E_SIGN -> {
                if (digit) {
                    go(Part.EXPONENT, next);
                } else if ((b == '+' || b == '-') && part == Part.E) {
                    go(Part.E_SIGN, next);
                }
            }
            case EXPONENT -> {
                if (digit) {
                    more(MOST_EXPONENT, next);
                } else {
                    then.step(b, next);
                }
            }
        }
    }

    private void go(Part to, List<Place> next) {
        Place.add(next, new Digits(to, 1, whole, then));
    }

    private void more(int most, List<Place> next) {
        if (count < most) {
            Place.add(next, new Digits(part, count + 1, whole, then));
        }
    }

    private boolean isComplete() {
        return switch (part) {
            case ZERO, INTEGER, FRACTION, EXPONENT -> true;
            case NOTHING, SIGN, POINT, E, E_SIGN -> false;
        };
    }

    @Override
    public int distance() {
        return then.distance() + (isComplete() ? 0 : 1);
    }

    @Override
    public boolean mayEnd() {
        return isComplete() && then.mayEnd();
    }
}
