package dev.lizard.eval.report;

import java.util.ArrayList;
import java.util.List;

/**
 * From values to the unit interval, with the ticks of an axis. Whatever the values are, the ticks are few and finite:
 * results may hold anything that is a number.
 */
sealed interface Scale {
    /** Beyond these, differences and quotients of doubles overflow. */
    double LARGEST = 1e300;

    double SMALLEST = 1e-300;

    /** 0 at the low end, 1 at the high end; values outside lie at the ends. */
    double place(double value);

    /** About {@code count} round values inside the range. */
    List<Double> ticks(int count);

    record Linear(double low, double high) implements Scale {
        /** The least range of an axis, as a share of its values' size: doubles have no more digits to tell apart. */
        private static final double FINEST = 1e-9;

        /** The range of the values widened to round ticks, from zero where zero is near; 0 to 1 where there are none. */
        static Linear around(double low, double high) {
            if (!(low <= high)) {
                return new Linear(0, 1);
            }
            double top = Math.clamp(high, -LARGEST, LARGEST);
            double bottom = Math.clamp(low, -LARGEST, top);
            double from = bottom >= 0 && bottom < 0.4 * top ? 0 : bottom;
            double least = Math.max(SMALLEST, FINEST * Math.max(Math.abs(from), Math.abs(top)));
            double span = top - from >= least ? top - from : Math.max(least, Math.abs(top));
            double step = step(span, 5);
            return new Linear(Math.floor(from / step + 1e-9) * step, Math.ceil((from + span) / step - 1e-9) * step);
        }

        @Override
        public double place(double value) {
            return Math.clamp((Math.clamp(value, -LARGEST, LARGEST) - low) / (high - low), 0.0, 1.0);
        }

        @Override
        public List<Double> ticks(int count) {
            double step = step(high - low, count);
            double first = Math.ceil(low / step - 1e-9);
            List<Double> ticks = new ArrayList<>();
            for (int i = 0; i <= 3 * count && (first + i) * step <= high + 1e-9 * step; i++) {
                ticks.add((first + i) * step);
            }
            return ticks;
        }

        /** 1, 2 or 5 times a power of ten, so that about {@code count} fit into {@code span}. */
        private static double step(double span, int count) {
            double rough = span / count;
            double power = Math.pow(10, Math.floor(Math.log10(rough)));
            double lead = rough / power;
            return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
        }
    }

    /** Logarithmic with ticks at powers of {@code base}. */
    record Log(double low, double high, int base) implements Scale {
        /** The share of the axis that a tick's label needs for itself. */
        private static final double ROOM = 0.09;

        /** The range of positive values widened to powers of the base; one power where there are none. */
        static Log around(double low, double high, int base) {
            double bottom = low <= high ? Math.clamp(low, SMALLEST, LARGEST) : 1;
            double top = low <= high ? Math.clamp(high, SMALLEST, LARGEST) : 1;
            double from = Math.pow(base, Math.floor(exponent(bottom, base) + 1e-9));
            double to = Math.pow(base, Math.ceil(exponent(top, base) - 1e-9));
            return new Log(from, to > from ? to : from * base, base);
        }

        /** The values' own range, with a tick at its end. */
        static Log tight(double low, double high, int base) {
            double bottom = low <= high ? Math.clamp(low, SMALLEST, LARGEST) : 1;
            double top = Math.clamp(high, SMALLEST, LARGEST);
            return new Log(bottom, top > bottom * (1 + 1e-9) ? top : bottom * base, base);
        }

        @Override
        public double place(double value) {
            double inside = Math.clamp(value, low, high);
            return (Math.log(inside) - Math.log(low)) / (Math.log(high) - Math.log(low));
        }

        @Override
        public List<Double> ticks(int count) {
            int first = (int) Math.ceil(exponent(low, base) - 1e-9);
            int last = (int) Math.floor(exponent(high, base) + 1e-9);
            int every = Math.max(1, (last - first + count) / count);
            List<Double> ticks = new ArrayList<>();
            for (int i = last; i >= first; i -= every) {
                ticks.addFirst(Math.pow(base, i));
            }
            if (base == 10 && ticks.size() == 2 && every == 1) {
                ticks.addAll(1, List.of(2 * ticks.getFirst(), 5 * ticks.getFirst()));
            }
            if (ticks.isEmpty() || place(ticks.getLast()) < 1 - 1e-9) {
                if (!ticks.isEmpty() && place(ticks.getLast()) > 1 - ROOM) {
                    ticks.removeLast();
                }
                ticks.add(high);
            }
            return ticks;
        }

        private static double exponent(double value, int base) {
            return Math.log(value) / Math.log(base);
        }
    }
}
