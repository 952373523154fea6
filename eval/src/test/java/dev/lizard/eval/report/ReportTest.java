package dev.lizard.eval.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.eval.report.Report.Format;
import dev.lizard.eval.result.Conversion;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.FrontierPoint;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import dev.lizard.eval.result.Sample;
import dev.lizard.eval.result.Spread;
import dev.lizard.eval.result.TrainingPoint;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class ReportTest {
    @TempDir
    Path folder;

    private final ResultSet results = Example.results();
    private final String page = Report.html(List.of(results));

    /** The bones of the page; {@code -Dreport.update=true} writes them anew, to be read as a diff. */
    @Test
    void structureIsAsRecorded() throws IOException {
        List<String> bones = new ArrayList<>();
        Matcher matcher = Pattern.compile("<(section) id=\"([^\"]+)\"|<(h2|h3)>([^<]*)<"
                        + "|<svg[^>]*aria-label=\"([^\"]*)\"|<(table|dl|blockquote)>")
                .matcher(page);
        while (matcher.find()) {
            StringBuilder bone = new StringBuilder();
            for (int group = 1; group <= matcher.groupCount(); group++) {
                bone.append(matcher.group(group) == null ? "" : " " + matcher.group(group));
            }
            bones.add(bone.toString().strip());
        }
        if (Boolean.getBoolean("report.update")) {
            Files.write(Path.of("src/test/resources/dev/lizard/eval/report/structure.txt"), bones);
        }
        try (InputStream in = ReportTest.class.getResourceAsStream("structure.txt")) {
            assertThat(in).as("structure.txt").isNotNull();
            List<String> recorded = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            assertThat(bones).isEqualTo(recorded);
        }
    }

    @Test
    void everyNumberOfTheTablesIsTheOneInTheJson() {
        results.write(folder);
        JsonNode json = Json.read(folder.resolve(ResultSet.FILE), Kind.INPUT);
        List<Double> expected = new ArrayList<>();
        for (JsonNode model : json.get("models")) {
            for (String key : List.of("tokens", "nll", "perplexity", "bits_per_byte", "kl", "agreement")) {
                expected.add(model.get(key).asDouble());
            }
        }
        assertThat(numbers("models", "<td data-value=\"([^\"]+)\">")).isEqualTo(expected);

        List<Double> cost = new ArrayList<>();
        for (JsonNode row : json.get("efficiency")) {
            for (String key :
                    List.of("context", "prefill_tokens_per_second", "decode_tokens_per_second", "state_bytes")) {
                cost.add(row.get(key).asDouble());
            }
        }
        assertThat(numbers("cost", "<td data-value=\"([^\"]+)\">")).isEqualTo(cost);
    }

    @Test
    void everyMarkOfTheCurvesIsAPointOfTheJson() {
        List<Double> recall = new ArrayList<>();
        for (String task : List.of("passkey", "key_values")) {
            for (String model : List.of("teacher", "student", "window only")) {
                results.recall().stream()
                        .filter(row -> row.task().equals(task) && row.model().equals(model))
                        .forEach(row -> recall.add(row.exact()));
            }
        }
        assertThat(numbers("recall", "data-y=\"([^\"]+)\"")).isEqualTo(recall);
    }

    @Test
    void gridsOfRecallHaveAMapForEachModelAndOneForRules() {
        String grids = section("recall-grids");
        assertThat(grids)
                .contains("Passkey, teacher.", "Passkey, student.", "Capacity.", "linear, 1 + elu")
                .contains("75 %, 1K: 1.00 (95 %: 0.84 to 1.00)")
                .contains("64K tokens", "linear, 1 + elu, 256: 0.00");
        assertThat(grids.split("<svg", -1)).hasSize(1 + 3);
        assertThat(grids).contains("data-value=\"0.225\">0.23<"); // printed in its cell
    }

    /** Of several rates the best counts, of several seeds the mean; a run that diverged recalls nothing. */
    @Test
    void rivalsStandBestFirstWithTheRangeOfTheirSeeds() {
        Findings found = new Findings("rivals");
        found.models.add(new ModelResult("teacher", Role.TEACHER, null, 1.0, 2.7, 1.4, 0.0, 1.0));
        double[] nll = {3.0, 1.5, 1.7};
        String[] recipes = {"gla", "liger", "liger"};
        for (int i = 0; i < 3; i++) {
            String name = recipes[i] + "-seed" + i;
            found.models.add(new ModelResult(name, Role.STUDENT, 500L, nll[i], 9.0, 2.0, 0.25, 0.5));
            found.conversions.add(
                    new Conversion(name, recipes[i], recipes[i], 4, i, 500, 10, nll[i], null, 0.5, 4096, 2.0));
        }
        Path file = folder.resolve("page.md");
        found.results().write(folder);
        Report.write(Map.of(file, Format.MARKDOWN), List.of(folder));
        assertThat(file)
                .content()
                .contains("## Rivals in one frame")
                .containsSubsequence(
                        "| liger, first 4 | 1.600 (1.500 to 1.700) | 0.600 | 0.250 |",
                        "| gla, first 4 | 3.000 | 2.000 | 0.250 |");
    }

    @Test
    void theFrontierIsTheMeanOverSeedsOfTheBestRate() {
        Findings found = new Findings("t");
        Double[] right = {0.25, 0.5, null, 0.75};
        for (int i = 0; i < right.length; i++) {
            found.frontier.add(new FrontierPoint(
                    "mqar", 4, "linear", "linear", 16, 1_024, right[i], 64, i / 2, i % 2 == 0 ? 1e-3 : 1e-2, 9, 9, 99));
        }
        assertThat(Report.html(List.of(found.results())))
                .contains("data-x=\"1024.0\" data-y=\"0.625\"", "(all seeds: 50 to 75 %)", "50.0 to 75.0 % (2)");
    }

    @Test
    void costsTellTheirSpreadTheirDeviceAndWhyOneIsMissing() {
        Findings found = new Findings("t");
        for (String device : List.of("cpu", "cuda:0")) {
            Spread spread = new Spread(90, 110, 3);
            found.efficiency.add(new Efficiency("a", 1_024, 100.0, 50.0, 2_048, device, spread, null, 3_072L, null));
            found.efficiency.add(
                    new Efficiency("a", 2_048, null, null, 4_096, device, null, null, null, "not read: 9 s expected"));
        }
        assertThat(Report.html(List.of(found.results())))
                .contains("a, cuda:0", "(all repeats: 90 to 110)", "not read: 9 s expected", "data-value=\"3072.0\"");
    }

    @Test
    void whatIsShownIsTheNumberRounded() {
        Matcher cell =
                Pattern.compile("<td data-value=\"([^\"]+)\">([^<]+)</td>").matcher(section("models"));
        int cells = 0;
        while (cell.find()) {
            cells++;
            double exact = Double.parseDouble(cell.group(1));
            String shown = cell.group(2);
            if (shown.matches("[\\d.]+")) {
                assertThat(Double.parseDouble(shown)).isCloseTo(exact, org.assertj.core.data.Offset.offset(0.005001));
            } else if (shown.endsWith("%")) {
                double percent = Double.parseDouble(shown.replace(" %", ""));
                assertThat(percent).isCloseTo(100 * exact, org.assertj.core.data.Offset.offset(0.050001));
            }
        }
        assertThat(cells).isEqualTo(36);
    }

    @Test
    void pageNeedsNothingButItself() {
        assertThat(page).doesNotContain("<script", "http:", "https:", "url(", "@import", "<link");
        assertThat(page).contains("prefers-color-scheme: dark", "width=device-width");
        assertThat(page).contains("sold the &lt;black&gt; drum").doesNotContain("<black>");
    }

    @Test
    void everySectionIsThereOnceAndThePageSmall() {
        for (Part part : Part.IN_ORDER) {
            assertThat(count("<section id=\"" + part.id() + "\"")).as(part.id()).isEqualTo(1);
        }
        assertThat(count("<h3>"))
                .isEqualTo(Pattern.compile("<h3>[^<]*</h3>")
                        .matcher(page)
                        .results()
                        .map(MatchResult::group)
                        .distinct()
                        .count());
        assertThat(page.length()).isLessThan(3_000_000);
        assertThat(page).doesNotContain("NaN", "Infinity", ">null<");
    }

    @Test
    void everyTagThatOpensCloses() {
        for (String tag : List.of("section", "figure", "svg", "table", "text", "div", "p", "dl")) {
            assertThat(count("<" + tag + "[ >]")).as(tag).isEqualTo(count("</" + tag + ">"));
        }
    }

    @Test
    void emptyPartsAreLeftOut() {
        ResultSet bare = new Findings("Nothing but a title").results();
        assertThat(Report.html(List.of(bare)))
                .contains("<h2>Nothing but a title</h2>")
                .doesNotContain("<section");
    }

    @ParameterizedTest
    @CsvSource({
        "1e999, expected a finite number",
        "NaN, expected a finite number",
        "-Infinity, expected a finite number",
        "\"1e999\", expected a finite number",
        "\"much\", expected a number",
        "null, expected a number"
    })
    void aLossThatIsNoFiniteNumberIsNamed(String loss, String expected) throws IOException {
        String point = "{\"stage\":\"a\",\"step\":1,\"tokens\":10,\"loss\":%s}";
        Files.writeString(
                folder.resolve(ResultSet.FILE),
                "{\"title\":\"t\",\"training\":[" + point.formatted("1.5") + "," + point.formatted(loss) + "]}");
        assertThatThrownBy(() -> Report.write(Map.of(folder.resolve("r.html"), Format.HTML), List.of(folder)))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INPUT))
                .hasMessageContaining("results.json/training/1/loss: " + expected);
    }

    @Test
    void aSpikeIsForgottenByTheRunningMean() {
        List<TrainingPoint> points = new ArrayList<>();
        for (int step = 1; step <= 200; step++) {
            points.add(new TrainingPoint("s", step, step, step == 20 ? 1e30 : 2));
        }
        assertThat(Report.html(List.of(bare(points, List.of()))))
                .contains("class=\"label t-student\"")
                .contains(">2</text>");
    }

    @Test
    void nonsenseOfATeacherBeyondItsLengthIsExplained() {
        assertThat(section("samples")).contains("trained on 512 tokens at a time", "gibberish");
        List<Sample> within = List.of(new Sample("teacher", "a", "b", 100));
        assertThat(Report.html(List.of(bare(List.of(), within)))).doesNotContain("gibberish");
    }

    @Test
    void halvesOfCharactersDoNotStopThePage() throws IOException {
        Path file = folder.resolve("r.html");
        Report.write(file, bare(List.of(), List.of(new Sample("\ud83e", "<i>", "\"'>", null))));
        assertThat(Files.readString(file)).contains("&lt;i&gt;", "&quot;'&gt;");
    }

    private static ResultSet bare(List<TrainingPoint> training, List<Sample> samples) {
        Findings found = new Findings("t");
        found.trainedLength = 512;
        found.models.add(new ModelResult("teacher", Role.TEACHER, null, null, null, null, null, null));
        found.training.addAll(training);
        found.samples.addAll(samples);
        return found.results();
    }

    @Test
    void resultsReadBackAsWritten() {
        results.write(folder);
        assertThat(ResultSet.read(folder)).isEqualTo(results);
    }

    @Test
    void aFolderWithoutResultsIsNamed() {
        assertThatThrownBy(() -> Report.write(Map.of(folder.resolve("r.html"), Format.HTML), List.of(folder)))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INPUT))
                .hasMessageContaining(folder.resolve("results.json").toString());
    }

    private String section(String id) {
        int start = page.indexOf("<section id=\"" + id + "\"");
        assertThat(start).as(id).isNotNegative();
        return page.substring(start, page.indexOf("</section>", start));
    }

    private List<Double> numbers(String id, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(section(id));
        List<Double> numbers = new ArrayList<>();
        while (matcher.find()) {
            numbers.add(Double.parseDouble(matcher.group(1)));
        }
        return numbers;
    }

    private long count(String pattern) {
        return Pattern.compile(pattern).matcher(page).results().count();
    }
}
