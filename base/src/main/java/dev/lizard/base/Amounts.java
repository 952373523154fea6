package dev.lizard.base;

import java.util.Locale;

/** Times and sizes as people read them. */
public final class Amounts {
    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final long KIB = 1024;
    private static final long MINUTE = 60;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;
    private static final double YEAR = 365.25 * DAY;

    private Amounts() {}

    /** {@code 42 s}, {@code 3 min 5 s}, {@code 3 h 12 min}, {@code 11 days 4 h}, {@code 63 years}. */
    public static String duration(double seconds) {
        if (!(seconds >= 1)) {
            return "under 1 s";
        }
        if (seconds >= 10 * YEAR) {
            return String.format(Locale.ROOT, "%,.0f years", Math.floor(seconds / YEAR));
        }
        long whole = Math.round(seconds);
        if (whole < MINUTE) {
            return whole + " s";
        }
        if (whole < HOUR) {
            return "%d min %d s".formatted(whole / MINUTE, whole % MINUTE);
        }
        if (whole < DAY) {
            return "%d h %d min".formatted(whole / HOUR, whole % HOUR / MINUTE);
        }
        long days = whole / DAY;
        return String.format(Locale.ROOT, "%,d %s %d h", days, days == 1 ? "day" : "days", whole % DAY / HOUR);
    }

    /** {@code 900 bytes}, {@code 1.5 KiB}, {@code 20.6 GiB}: powers of 1,024. */
    public static String bytes(long bytes) {
        if (bytes < KIB) {
            return bytes + " bytes";
        }
        double amount = (double) bytes / KIB;
        int unit = 0;
        while (amount >= KIB && unit < UNITS.length - 1) {
            amount /= KIB;
            unit++;
        }
        return String.format(Locale.ROOT, amount < 100 ? "%.1f %s" : "%.0f %s", amount, UNITS[unit]);
    }
}
