package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;
import static dev.lizard.eval.report.Markup.plain;

import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a student kept of its teacher, what it lost and what it costs, in words made from the figures. A loss is one only
 * where its 95 % interval leaves zero out; what cannot be told, and what was not measured, is said.
 */
final class Verdict {
    /** A figure that stands out, and what it is of. */
    record Brief(String figure, String words) {}

    private final String pair;
    final List<Brief> brief = new ArrayList<>();
    final Map<String, List<String>> parts = new LinkedHashMap<>();

    private Verdict(ResultSet results, Pairing pair) {
        List<String> kept = part("Kept");
        List<String> lost = part("Lost");
        List<String> cost = part("What it costs");
        List<String> open = part("Not shown");
        new TextVerdict(pair).tell(kept, lost, open, brief);
        new TaskVerdict(pair).tell(kept, lost, open, brief);
        new RecallVerdict(pair, results.trainedLength()).tell(kept, lost, open, brief);
        new WritingVerdict(results, pair).tell(kept, lost, open, brief);
        new CostVerdict(results, pair).tell(cost, open, brief);
        if (kept.isEmpty()) {
            kept.add("nothing that these figures could show");
        }
        if (lost.isEmpty()) {
            lost.add("nothing that these figures could show");
        }
        this.pair = "%s beside %s".formatted(pair.student(), pair.teacher());
        parts.values().removeIf(List::isEmpty);
    }

    private List<String> part(String title) {
        return parts.computeIfAbsent(title, key -> new ArrayList<>());
    }

    /** One for each student that has a teacher beside it. */
    static List<Verdict> of(ResultSet results) {
        return Pairing.of(results).stream()
                .map(pair -> new Verdict(results, pair))
                .toList();
    }

    String html() {
        StringBuilder out = new StringBuilder(
                "<div class=\"verdict\"><p class=\"pair\">%s</p><div class=\"tiles\">".formatted(escape(pair)));
        for (Brief one : brief) {
            out.append("<div class=\"tile\"><b>%s</b><span>%s</span></div>"
                    .formatted(escape(tied(one.figure())), escape(tied(one.words()))));
        }
        out.append("</div><div class=\"scales\">");
        parts.forEach((title, lines) -> {
            out.append("<div><h3>%s</h3><ul>".formatted(escape(title)));
            lines.forEach(line -> out.append("<li>").append(escape(tied(line))).append("</li>"));
            out.append("</ul></div>");
        });
        return out.append("</div></div>").toString();
    }

    /** Numbers stay with their units. */
    private static String tied(String line) {
        return line.replace(" %", "\u00a0%")
                .replace(" \u2192 ", "\u00a0\u2192\u00a0")
                .replace(" points", "\u00a0points");
    }

    String markdown() {
        String sentence = brief.isEmpty()
                ? "too little was measured to tell"
                : String.join(
                        "; ",
                        brief.stream()
                                .map(one -> one.figure() + " " + one.words())
                                .toList());
        StringBuilder out = new StringBuilder(plain("%s: %s.".formatted(pair, sentence))).append("\n\n");
        parts.forEach((title, lines) -> {
            out.append("**").append(title).append("**\n\n");
            lines.forEach(line -> out.append("- ").append(plain(line)).append('\n'));
            out.append('\n');
        });
        return out.toString();
    }
}
