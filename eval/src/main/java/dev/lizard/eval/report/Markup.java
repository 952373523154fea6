package dev.lizard.eval.report;

import java.util.Locale;

/** Escaping and numbers for HTML and SVG. */
final class Markup {
    private Markup() {}

    /** Safe as text and inside a quoted attribute. */
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** A coordinate with one decimal, without a needless zero. */
    static String at(double coordinate) {
        String text = String.format(Locale.ROOT, "%.1f", coordinate);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }
}
