package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;
import static dev.lizard.eval.report.Markup.plain;
import static dev.lizard.eval.report.Markup.unescape;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of the page; one without blocks is left out.
 *
 * @param about one or two sentences on what is measured and how to read it
 */
record Section(String title, String about, List<Block> blocks) {
    private static final Pattern DESCRIPTION = Pattern.compile("<desc>(.*?)</desc>", Pattern.DOTALL);

    /** What stands in a section. */
    sealed interface Block {
        /**
         * As it stands on the page.
         *
         * @param made finished HTML with the commands that made it
         */
        String html(String made);

        String markdown();

        /** The same, told to be of this run. */
        Block of(String run);
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

        /** The drawing's text alternative. */
        @Override
        public String markdown() {
            Matcher words = DESCRIPTION.matcher(drawing);
            return "**%s** %s %s\n"
                    .formatted(plain(title), plain(reading), words.find() ? plain(unescape(words.group(1))) : "");
        }

        @Override
        public Block of(String run) {
            return new Figure(run + ": " + title, reading, drawing);
        }
    }

    /** A table over the whole width; {@code title} may be empty. */
    record Tabular(String title, Table table) implements Block {
        @Override
        public String html(String made) {
            return wide(title, table.html(), made);
        }

        @Override
        public String markdown() {
            return heading(title) + table.markdown();
        }

        @Override
        public Block of(String run) {
            return new Tabular(title.isEmpty() ? run : run + ": " + title, table);
        }
    }

    /** Finished text over the whole width in both forms; {@code title} may be empty. */
    record Text(String title, String asHtml, String asMarkdown) implements Block {
        @Override
        public String html(String made) {
            return wide(title, asHtml, made);
        }

        @Override
        public String markdown() {
            return heading(title) + asMarkdown;
        }

        @Override
        public Block of(String run) {
            return new Text(title.isEmpty() ? run : run + ": " + title, asHtml, asMarkdown);
        }
    }

    private static String wide(String title, String content, String made) {
        String heading = title.isEmpty() ? "" : "<h4>%s</h4>".formatted(escape(title));
        return "<div class=\"block\">%s%s%s</div>".formatted(heading, content, made);
    }

    private static String heading(String title) {
        return title.isEmpty() ? "" : "**" + plain(title) + "**\n\n";
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

    String markdown(List<String> commands) {
        if (blocks.isEmpty()) {
            return "";
        }
        StringBuilder out = new StringBuilder("## %s\n\n%s\n\n".formatted(plain(title), plain(about)));
        blocks.forEach(block -> out.append(block.markdown()).append('\n'));
        commands.forEach(command -> out.append("    ").append(command).append('\n'));
        return out.append('\n').toString();
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
