package dev.lizard.eval.report;

import java.util.Locale;

/** How numbers are shown: enough digits to compare, none to wade through. */
enum Units {
    /** Three decimals: nats, bits. */
    FINE,
    /** Two decimals: perplexity. */
    PLAIN,
    /** A share as percent with one decimal. */
    PERCENT,
    /** A share as percent without decimals, for axes. */
    ROUGH_PERCENT,
    /** Three significant digits with k, M: tokens, tokens a second. */
    COUNT,
    /** Three significant digits in bytes, KiB, MiB, GiB. */
    BYTES,
    /** Context lengths: 1K is 1,024. */
    LENGTH,
    /** Three significant digits. */
    GENERAL;

    /** From here on digits are no longer counted by eye. */
    private static final double UNREADABLE = 1e9;

    String show(double value) {
        return Double.isFinite(value) ? format(value).replace('-', '\u2212') : "\u2013";
    }

    private String format(double value) {
        return switch (this) {
            case FINE -> decimals(value, 3);
            case PLAIN -> decimals(value, 2);
            case PERCENT -> decimals(100 * value, 1) + " %";
            case ROUGH_PERCENT -> Math.round(100 * value) + " %";
            case COUNT -> scaled(value, 1_000, "", " k", " M", " G");
            case BYTES -> scaled(value, 1_024, " B", " KiB", " MiB", " GiB");
            case LENGTH ->
                value < 1
                        ? significant(value)
                        : value >= 1_024 && value % 1_024 == 0 ? whole(value / 1_024) + "K" : whole(value);
            case GENERAL -> significant(value);
        };
    }

    private static String decimals(double value, int digits) {
        if (Math.abs(value) >= UNREADABLE) {
            return String.format(Locale.ROOT, "%.2e", value);
        }
        return String.format(Locale.ROOT, "%,." + digits + "f", value);
    }

    private static String whole(double value) {
        return decimals(value, 0);
    }

    private static String significant(double value) {
        double size = Math.abs(value);
        if (size == 0 || size >= 100) {
            return whole(value);
        }
        if (size < 0.001) {
            return String.format(Locale.ROOT, "%.1e", value);
        }
        int digits = Math.max(0, 2 - (int) Math.floor(Math.log10(size)));
        String text = decimals(value, digits);
        return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
    }

    private static String scaled(double value, double step, String... units) {
        int unit = 0;
        double rest = value;
        while (rest >= step && unit < units.length - 1) {
            rest /= step;
            unit++;
        }
        return significant(rest) + units[unit];
    }
}
