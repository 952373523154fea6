package dev.lizard.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class InsideSectionsTest {
    private final String page = Report.html(List.of(Example.results()));

    @Test
    void whatWasFoundInsideIsDrawn() {
        assertThat(section("heads")).contains("5, 3: 0.56 (95 %: 0.54 to 0.58)").contains("data-y=\"0.12\"");
        assertThat(section("horizons")).contains("0, &lt;1: 10 %", "5, 1: 24 %");
        assertThat(section("shares")).contains("data-value=\"-0.04\">\u22124 %<", "data-value=\"0.2\">20 %<");
        assertThat(section("without"))
                .contains(
                        "<td data-value=\"0.231\">0.231<small>0.192 to 0.270</small>",
                        "<td data-value=\"0.288\">0.288<");
        assertThat(section("attention"))
                .contains("\u00b7&lt;sat&gt;", "student foretells \u00b7on from \u00b7cat (2) 62.5 %")
                .contains("--s:70%\" title=\"62.5 %");
        assertThat(section("agreement")).contains("data-y=\"0.95\"", "data-y=\"0.4\"", "<small>6.56 to 12.4</small>");
        assertThat(section("repetition")).contains("data-value=\"0.875\">87.5 %<", "data-value=\"40.0\">40<");
        assertThat(section("answers")).contains("facts: Which is &lt;larger&gt;?", "Five.<", "Four and \u2026<");
    }

    private String section(String id) {
        int start = page.indexOf("<section id=\"" + id + "\"");
        assertThat(start).as(id).isNotNegative();
        return page.substring(start, page.indexOf("</section>", start));
    }
}
