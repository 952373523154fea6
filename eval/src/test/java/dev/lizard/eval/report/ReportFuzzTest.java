package dev.lizard.eval.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.FuzzFolder;
import dev.lizard.eval.result.ResultSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Results of all sorts: read, and drawn to a page that is sound and not out of proportion. */
class ReportFuzzTest extends FuzzContract {
    private static final int KEPT = 24;
    private static final int PLAIN_PAGE = 300_000;
    private static final Pattern BROKEN =
            Pattern.compile("(?:x|y|x1|x2|y1|y2|cx|cy|width|height|d|viewBox)=\"[^\"]*(?:NaN|Infinity)");

    @TempDir
    Path temp = Path.of(".");

    private FuzzFolder folder = new FuzzFolder(temp);

    @Override
    public String name() {
        return "report";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        folder = new FuzzFolder(temp);
        ObjectNode results = Json.MAPPER.valueToTree(Example.results());
        for (var part : results.properties()) {
            if (part.getValue() instanceof ArrayNode list) {
                while (list.size() > KEPT) {
                    list.remove(list.size() - 1);
                }
            }
        }
        return List.of(Map.of(ResultSet.FILE, results.toString().getBytes(UTF_8)));
    }

    @Override
    public void read(Map<String, byte[]> input) throws IOException {
        String page = Report.html(List.of(ResultSet.read(folder.with(input))));
        assertThat(BROKEN.matcher(page).find()).isFalse();
        assertThat(page).doesNotContain("<script", "</script");
        int size = input.values().stream().mapToInt(content -> content.length).sum();
        assertThat(page.length()).isLessThan(PLAIN_PAGE + 40 * size);
    }
}
