package dev.lizard.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.result.ChoiceShare;
import dev.lizard.eval.result.Comparison;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.Repetition;
import dev.lizard.eval.result.Role;
import dev.lizard.eval.result.TaskScore;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the figures are said to show. */
class VerdictTest {
    private static Findings found() {
        Findings found = new Findings("t");
        found.models.add(new ModelResult("base", Role.TEACHER, null, 3.0, null, null, null, null));
        found.models.add(new ModelResult("lizard", Role.STUDENT, 40_000_000L, 3.0, null, null, 0.06, 0.944));
        return found;
    }

    private static void task(Findings found, String name, double before, double after, double error) {
        found.tasks.add(new TaskScore("base", name, "acc", before, error, 1_000));
        found.tasks.add(new TaskScore("lizard", name, "acc", after, error, 1_000));
    }

    private static Verdict only(Findings found) {
        List<Verdict> all = Verdict.of(found.results());
        assertThat(all).hasSize(1);
        return all.getFirst();
    }

    @Test
    void aLossIsOneOnlyWhereItsIntervalLeavesZeroOut() {
        Findings found = found();
        task(found, "piqa", 0.684, 0.680, 0.011);
        task(found, "lambada", 0.521, 0.403, 0.007);
        task(found, "winogrande", 0.500, 0.560, 0.010);
        Verdict verdict = only(found);
        assertThat(verdict.parts.get("Lost"))
                .containsExactly(
                        "Behind the teacher on lambada 52.1 % \u2192 40.3 %, \u221211.8 points (95 %: \u221213.7"
                                + " to \u22129.9).");
        assertThat(verdict.parts.get("Kept"))
                .contains(
                        "Ahead of the teacher on winogrande 50.0 % \u2192 56.0 %, +6.0 points (95 %: +3.2 to +8.8).",
                        "No loss can be shown on piqa 68.4 % \u2192 68.0 %, \u22120.4 points (95 %: \u22123.4 to +2.6)."
                                + " Up to 3.4 points could be lost unseen.");
        assertThat(verdict.brief)
                .contains(new Verdict.Brief(
                        "1 of 3",
                        "tasks on which a loss can be shown, most on lambada: \u221211.8 points (95 %: \u221213.7 to"
                                + " \u22129.9)"));
    }

    @Test
    void whatWasNotMeasuredIsSaid() {
        assertThat(only(found()).parts.get("Not shown"))
                .containsExactly(
                        "The loss on the held-out text is of one text and one seed; how much it would vary is not"
                                + " known.",
                        "No task was run on both.",
                        "Recall was not measured on both.",
                        "What both write was not compared.",
                        "Memory and speed were not measured on both.");
    }

    @Test
    void aScoreWithoutAnIntervalIsNeitherKeptNorLost() {
        Findings found = found();
        found.tasks.add(new TaskScore("base", "piqa", "acc", 0.7, null, 10));
        found.tasks.add(new TaskScore("lizard", "piqa", "acc", 0.5, null, 10));
        Verdict verdict = only(found);
        assertThat(verdict.parts.get("Lost")).containsExactly("nothing that these figures could show");
        assertThat(verdict.parts.get("Not shown"))
                .contains(
                        "Without an interval, so neither kept nor lost: piqa 70.0 % \u2192 50.0 %, \u221220.0 points.");
    }

    @Test
    void recallIsToldByLength() {
        Findings found = found();
        found.trainedLength = 1_024;
        for (int length : new int[] {512, 1_024, 2_048, 4_096}) {
            double before = length > 1_024 ? 0 : 1;
            double after = switch (length) {
                case 512 -> 0.98;
                case 1_024 -> 0.5;
                case 2_048 -> 0.4;
                default -> 0.01;
            };
            found.recall.add(new Recall("base", "passkey", length, before, before, 100));
            found.recall.add(new Recall("lizard", "passkey", length, after, after, 100));
        }
        Verdict verdict = only(found);
        assertThat(verdict.parts.get("Lost")).containsExactly("Recall (passkey): behind at 1K (100 % \u2192 50 %).");
        assertThat(verdict.parts.get("Kept"))
                .contains(
                        "Recall (passkey): ahead of the teacher at 2K (0 % \u2192 40 %).",
                        "Recall (passkey): no loss can be shown at 512 (100 % \u2192 98 %).");
        assertThat(verdict.parts.get("Not shown")).contains("Recall (passkey): at some sizes neither can do it.");
        assertThat(verdict.brief)
                .contains(
                        new Verdict.Brief("100 % \u2192 50 %", "recall (passkey) at size 1K, from teacher to student"));
    }

    @Test
    void pairedComparisonsDecideWhereThereAreSome() {
        Findings found = found();
        task(found, "piqa", 0.684, 0.680, 0.011);
        found.comparisons.add(new Comparison("piqa", "acc", "lizard", "base", -0.004, -0.007, -0.001, true, 1_000));
        assertThat(only(found).parts.get("Lost"))
                .containsExactly("Behind the teacher on piqa 68.4 % \u2192 68.0 %, \u22120.4 points (95 %: \u22120.7 to"
                        + " \u22120.1).");
    }

    @Test
    void sizesBehindATasksNameAreRecall() {
        Findings found = found();
        for (int size : new int[] {512, 1_024}) {
            found.tasks.add(new TaskScore("base", "s_niah_1@" + size, "exact", 1, 0.0, 50));
            found.tasks.add(new TaskScore("lizard", "s_niah_1@" + size, "exact", 0.4, 0.07, 50));
        }
        Verdict verdict = only(found);
        assertThat(verdict.parts.get("Lost"))
                .containsExactly("Recall (s_niah_1): behind at 512 (100 % \u2192 40 %), 1K (100 % \u2192 40 %).");
        assertThat(verdict.parts.get("Not shown")).contains("No task was run on both.");
    }

    @Test
    void oneLetterForEverythingIsALoss() {
        Findings found = found();
        for (String letter : List.of("A", "B")) {
            found.choices.add(new ChoiceShare("base", "mmlu", letter, 0.5, 0.5, 100));
            found.choices.add(new ChoiceShare("lizard", "mmlu", letter, letter.equals("A") ? 0.81 : 0.19, 0.5, 100));
        }
        assertThat(only(found).parts.get("Lost"))
                .containsExactly("On mmlu it answers \u201cA\u201d to 81 % of the items, where 50 % is right.");
    }

    @Test
    void repetitionIsALossWhereItsIntervalSaysSo() {
        Findings found = found();
        found.repetitions.add(repeated("base", 0.20));
        found.repetitions.add(repeated("lizard", 0.55));
        assertThat(only(found).parts.get("Lost"))
                .containsExactly(
                        "It repeats itself more: 20.0 % \u2192 55.0 % of the tokens stand in 4-grams written before.");
    }

    private static Repetition repeated(String model, double share) {
        return new Repetition(model, 8, 2_000, List.of(0.3), List.of(0.01), share, 0.03, 0, 0);
    }

    @Test
    void memoryIsComparedAtTheLongestContextOfBoth() {
        Findings found = found();
        found.efficiency.add(new Efficiency("base", 1_024, 100.0, 40.0, 46_080 * 1_024L));
        found.efficiency.add(new Efficiency("base", 65_536, 100.0, 10.0, 46_080 * 65_536L));
        found.efficiency.add(new Efficiency("lizard", 1_024, 90.0, 30.0, 14_883_840));
        found.efficiency.add(new Efficiency("lizard", 65_536, 90.0, 30.0, 14_883_840));
        found.efficiency.add(new Efficiency("lizard", 1_048_576, null, null, 14_883_840));
        assertThat(only(found).parts.get("What it costs"))
                .containsExactly(
                        "It was trained on 40 M tokens to replace the teacher's attention.",
                        "After 64K tokens it keeps 14.2 MiB, the teacher 2.81 GiB: 203\u00d7.",
                        "Writing: 0.75\u00d7 the teacher's speed at 1K, 3.00\u00d7 at 64K tokens.",
                        "Reading: 0.90\u00d7 the teacher's speed at 1K, 0.90\u00d7 at 64K tokens.",
                        "lizard reads faster than base at no length up to 65,536 tokens.",
                        "lizard writes faster than base from about 2,427 tokens on.");
    }

    @Test
    void withoutATeacherThereIsNoVerdict() {
        Findings found = new Findings("t");
        found.models.add(new ModelResult("lizard", Role.STUDENT, null, 3.0, null, null, null, null));
        assertThat(Verdict.of(found.results())).isEmpty();
    }

    /** Newcombe's example (1998, table II, method 10): 56/70 and 48/80. */
    @ParameterizedTest
    @CsvSource({"48, 80, 56, 70, 0.0524, 0.3339", "9, 10, 3, 10, -0.8090, -0.1705"})
    void differencesOfSharesHaveNewcombesInterval(int k1, int n1, int k2, int n2, double low, double high) {
        Difference difference = Difference.of(share(k1, n1), share(k2, n2));
        Interval interval = difference.interval();
        assertThat(interval).isNotNull();
        assertThat(interval.low()).isCloseTo(low, Offset.offset(5e-5));
        assertThat(interval.high()).isCloseTo(high, Offset.offset(5e-5));
    }

    private static Measured share(int hits, int n) {
        double share = hits / (double) n;
        return new Measured("m", "t", "acc", java.util.Map.of(), share, Interval.ofShare(share, n), (long) n);
    }
}
