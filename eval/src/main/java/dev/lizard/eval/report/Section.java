package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;

import java.util.List;

/**
 * A part of the page; one without content is left out.
 *
 * @param about one or two sentences on how to read it
 * @param content finished HTML blocks
 */
record Section(String title, String about, List<String> content) {
    /** A chart or table with its caption. */
    static String figure(String title, String caption, String drawing) {
        return "<figure><figcaption><b>%s</b> %s</figcaption>%s</figure>"
                .formatted(escape(title), escape(caption), drawing);
    }

    /** Figures side by side where there is room. */
    static String figures(List<String> figures) {
        return "<div class=\"figures\">" + String.join("", figures) + "</div>";
    }

    String html(String id) {
        if (content.isEmpty()) {
            return "";
        }
        return "<section id=\"%s\"><h3>%s</h3><p class=\"about\">%s</p>".formatted(id, escape(title), escape(about))
                + String.join("", content)
                + "</section>\n";
    }
}
