package dev.lizard.eval.report;

import java.util.ArrayList;
import java.util.List;

/** From values to the unit interval, with the ticks of an axis. */
sealed interface Scale {
    /** 0 at the low end, 1 at the high end. */
    double place(double value);

    /** About {@code count} round values inside the range. */
    List<Double> ticks(int count);

    record Linear(double low, double high) implements Scale {
        /** The range of the values widened to round ticks, from zero where zero is near. */
        static Linear around(double low, double high) {
            double from = low >= 0 && low < 0.4 * high ? 0 : low;
            double span = high > from ? high - from : Math.max(1e-9, Math.abs(high));
            double step = step(span, 5);
            return new Linear(Math.floor(from / step + 1e-9) * step, Math.ceil((from + span) / step - 1e-9) * step);
        }

        @Override
        public double place(double value) {
            return (value - low) / (high - low);
        }

        @Override
        public List<Double> ticks(int count) {
            double step = step(high - low, count);
            List<Double> ticks = new ArrayList<>();
            for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
                ticks.add(i * step);
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
        /** The range of positive values widened to powers of the base. */
        static Log around(double low, double high, int base) {
            double from = Math.pow(base, Math.floor(exponent(low, base) + 1e-9));
            double to = Math.pow(base, Math.ceil(exponent(high, base) - 1e-9));
            return new Log(from, to > from ? to : from * base, base);
        }

        /** The values' own range, ticks inside it. */
        static Log tight(double low, double high, int base) {
            return new Log(low, high > low ? high : low * base, base);
        }

        @Override
        public double place(double value) {
            return Math.log(Math.max(value, low) / low) / Math.log(high / low);
        }

        @Override
        public List<Double> ticks(int count) {
            int first = (int) Math.ceil(exponent(low, base) - 1e-9);
            int last = (int) Math.floor(exponent(high, base) + 1e-9);
            int every = Math.max(1, (last - first + count) / count);
            List<Double> ticks = new ArrayList<>();
            for (int i = first; i <= last; i += every) {
                ticks.add(Math.pow(base, i));
            }
            return ticks;
        }

        private static double exponent(double value, int base) {
            return Math.log(value) / Math.log(base);
        }
    }
}
