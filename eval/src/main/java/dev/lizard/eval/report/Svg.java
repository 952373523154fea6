package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.at;
import static dev.lizard.eval.report.Markup.escape;

import org.jspecify.annotations.Nullable;

/** The paper that all charts are drawn on: {@link #WIDTH} units wide, which is about what a telephone shows. */
final class Svg {
    static final double WIDTH = 400;

    private final StringBuilder out = new StringBuilder();

    /**
     * @param title what is drawn; read aloud instead of the picture
     * @param description what it shows, in words; may be empty
     */
    Svg(double height, String title, String description) {
        out.append("<svg class=\"chart\" viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"%s\">"
                .formatted(at(WIDTH), at(height), escape(title)));
        if (!description.isEmpty()) {
            out.append("<desc>").append(escape(description)).append("</desc>");
        }
    }

    Svg text(String css, double x, double y, String text) {
        out.append("<text class=\"%s\" x=\"%s\" y=\"%s\">%s</text>".formatted(css, at(x), at(y), escape(text)));
        return this;
    }

    /** A number as it is shown, with the exact one beside it. */
    Svg number(String css, double x, double y, double value, Units units) {
        out.append("<text class=\"%s\" x=\"%s\" y=\"%s\" data-value=\"%s\">%s</text>"
                .formatted(css, at(x), at(y), value, units.show(value)));
        return this;
    }

    Svg line(String css, double x1, double y1, double x2, double y2) {
        out.append("<line class=\"%s\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>"
                .formatted(css, at(x1), at(y1), at(x2), at(y2)));
        return this;
    }

    Svg path(String css, CharSequence d) {
        out.append("<path class=\"%s\" d=\"%s\"/>".formatted(css, d));
        return this;
    }

    /** A filled area of this opacity. */
    Svg shade(String css, CharSequence d, double opacity) {
        out.append("<path class=\"%s\" d=\"%s\" fill-opacity=\"%s\"/>".formatted(css, d, at(opacity, 3)));
        return this;
    }

    /** @param hover shown where a pointer rests on it; null for nothing */
    Svg rect(String css, double x, double y, double width, double height, double opacity, @Nullable String hover) {
        String opaque = opacity < 1 ? " fill-opacity=\"%s\"".formatted(at(opacity, 3)) : "";
        out.append("<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"%s"
                .formatted(css, at(x), at(y), at(Math.max(0, width)), at(Math.max(0, height)), opaque));
        return closed("rect", hover);
    }

    /** A mark of a series: besides colour, its shape tells it. */
    Svg mark(String tone, double x, double y, double size, String data, @Nullable String hover) {
        out.append("<path class=\"mark %s\" d=\"%s\"%s".formatted(tone, Tone.shape(tone, x, y, size), data));
        return closed("path", hover);
    }

    Svg circle(String css, double x, double y, double radius) {
        out.append("<circle class=\"%s\" cx=\"%s\" cy=\"%s\" r=\"%s\"/>".formatted(css, at(x), at(y), at(radius)));
        return this;
    }

    private Svg closed(String tag, @Nullable String hover) {
        out.append(hover == null ? "/>" : "><title>%s</title></%s>".formatted(escape(hover), tag));
        return this;
    }

    String done() {
        return out + "</svg>";
    }

    /** About how wide a text of 12 units' height is, in the widest of the usual fonts. */
    static double width(String text) {
        return text.codePoints().mapToDouble(Svg::width).sum();
    }

    static double bold(String text) {
        return 1.07 * width(text);
    }

    private static double width(int letter) {
        if (letter >= 0x2e80) {
            return 12.5;
        }
        if ("mwMW@%\u2026".indexOf(letter) >= 0) {
            return 11.2;
        }
        if (" .,:;'|!ijltfr()[]-".indexOf(letter) >= 0) {
            return 4.7;
        }
        return Character.isUpperCase(letter) ? 8.6 : 7.5;
    }

    /** A text as there is room for it. */
    static String brief(String text, double room) {
        if (width(text) <= room) {
            return text;
        }
        int end = text.length();
        while (end > 1 && width(text.substring(0, end)) + 11.2 > room) {
            end = text.offsetByCodePoints(end, -1);
        }
        return text.substring(0, end).strip() + "\u2026";
    }
}
