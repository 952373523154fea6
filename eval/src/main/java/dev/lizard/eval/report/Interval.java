package dev.lizard.eval.report;

/**
 * Where a measured value would lie 95 times in 100, were it measured anew.
 *
 * @param what {@code 95 %}, or what else lies in it
 */
record Interval(double low, double high, String what) {
    private static final double Z = 1.959964;

    Interval(double low, double high) {
        this(low, high, "95 %");
    }

    /** Of a share that {@code samples} yes-or-no trials gave (Wilson 1927): never outside 0 to 1, wide for few. */
    static Interval ofShare(double share, int samples) {
        double n = Math.max(1, samples);
        double p = Math.clamp(share, 0.0, 1.0);
        double middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n);
        double half = Z / (1 + Z * Z / n) * Math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));
        return new Interval(Math.max(0, middle - half), Math.min(1, middle + half));
    }

    /** Of a mean with this standard error. */
    static Interval ofMean(double mean, double standardError) {
        double half = Z * Math.abs(standardError);
        return new Interval(mean - half, mean + half);
    }

    /** Of a score of {@code n} items: as of a share where its error is that of hits and misses. */
    static Interval ofScore(double score, double standardError, int n) {
        boolean hits = score >= 0
                && score <= 1
                && n > 1
                && Math.abs(standardError * standardError - score * (1 - score) / (n - 1)) < 1e-6 / n;
        return hits ? ofShare(score, n) : ofMean(score, standardError);
    }

    String show(Units units) {
        return units.show(low).replace(" %", "") + " to " + units.show(high);
    }

    /** {@code 8 to 42 %}. */
    String showShare() {
        return show(Units.ROUGH_PERCENT);
    }
}
