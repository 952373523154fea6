package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;

import java.util.ArrayList;
import java.util.List;

/**
 * A part of the page; one without blocks is left out.
 *
 * @param about one or two sentences on what is measured and how to read it
 */
record Section(String title, String about, List<Block> blocks) {
    /** What stands in a section. */
    sealed interface Block {
        String html(String made);
    }

    /**
     * A chart; those that follow one another stand side by side where there is room.
     *
     * @param reading how to read it, in one line
     * @param drawing finished SVG
     */
    record Figure(String title, String reading, String drawing) implements Block {
        @Override
        public String html(String made) {
            return "<figure><figcaption><b>%s</b> %s</figcaption>%s%s</figure>"
                    .formatted(escape(title), escape(reading), drawing, made);
        }
    }

    /**
     * A table or text over the whole width.
     *
     * @param title may be empty
     * @param content finished HTML
     */
    record Wide(String title, String content) implements Block {
        @Override
        public String html(String made) {
            String heading = title.isEmpty() ? "" : "<h4>%s</h4>".formatted(escape(title));
            return "<div class=\"wide-block\">%s%s%s</div>".formatted(heading, content, made);
        }
    }

    Section {
        blocks = List.copyOf(blocks);
    }

    /** The part of what was not measured. */
    static Section none() {
        return new Section("", "", List.of());
    }

    /** @param commands that made what it shows */
    String html(String id, List<String> commands) {
        if (blocks.isEmpty()) {
            return "";
        }
        String made = commands.isEmpty()
                ? ""
                : "<p class=\"made\">%s</p>"
                        .formatted(String.join(
                                "<br>",
                                commands.stream()
                                        .map(command -> "<code>" + escape(command) + "</code>")
                                        .toList()));
        StringBuilder out = new StringBuilder(
                "<section id=\"%s\"><h3>%s</h3><p class=\"about\">%s</p>".formatted(id, escape(title), escape(about)));
        List<String> figures = new ArrayList<>();
        for (Block block : blocks) {
            if (block instanceof Figure) {
                figures.add(block.html(made));
            } else {
                flush(out, figures);
                out.append(block.html(made));
            }
        }
        flush(out, figures);
        return out.append("</section>\n").toString();
    }

    private static void flush(StringBuilder out, List<String> figures) {
        if (!figures.isEmpty()) {
            out.append("<div class=\"figures\">")
                    .append(String.join("", figures))
                    .append("</div>");
            figures.clear();
        }
    }
}
