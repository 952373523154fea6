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

    static String unescape(String text) {
        return text.replace("&quot;", "\"")
                .replace("&gt;", ">")
                .replace("&lt;", "<")
                .replace("&amp;", "&");
    }

    /** Safe as a run of words, and as a cell, of Markdown. */
    static String plain(String text) {
        StringBuilder out = new StringBuilder();
        for (char c : text.replaceAll("\\s+", " ").toCharArray()) {
            out.append("\\`*_[]<>|#&".indexOf(c) >= 0 ? "\\" : "").append(c);
        }
        return out.toString();
    }

    /** A name as a table has room for it. */
    static String brief(String name, int longest) {
        return name.length() <= longest ? name : name.substring(0, longest - 1).strip() + "\u2026";
    }

    /** A coordinate with one decimal, without a needless zero. */
    static String at(double coordinate) {
        return at(coordinate, 1);
    }

    static String at(double coordinate, int decimals) {
        String text = String.format(Locale.ROOT, "%." + decimals + "f", coordinate);
        return text.indexOf('.') < 0 ? text : text.replaceFirst("\\.?0+$", "");
    }
}
