package dev.lizard.eval.result;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergeTest {
    @TempDir
    Path folder;

    @Test
    void whatWasMeasuredAnewTakesItsOldPlaceAndTheRestStays() {
        Findings older = new Findings("a run");
        older.story.add("It was so.");
        older.models.add(new ModelResult("student", Role.STUDENT, 500L, 2.0, 7.4, 1.0, null, null));
        older.positions.add(curve("student", PositionCurve.NLL, 2));
        older.positions.add(curve("student", PositionCurve.KL, 3));
        older.ablations.add(new Ablation("student", "far", 2.5, 0.5, 0.1, 0.3, 4));
        older.ablations.add(new Ablation("rival", "far", 2.6, 0.1, 0.1, 0.3, 4));
        older.provenance.put("command", "demo");
        older.results().writeInto(folder);

        Findings newer = new Findings("another");
        newer.models.add(new ModelResult("teacher", Role.TEACHER, null, 1.9, 6.7, 0.9, 0.0, 1.0));
        newer.models.add(new ModelResult("student", Role.STUDENT, null, 2.1, 8.2, 1.1, 0.2, 0.8));
        newer.positions.add(curve("student", PositionCurve.KL, 5));
        newer.ablations.add(new Ablation("student", "far", 2.4, 0.3, 0.1, 0.2, 8));
        newer.provenance.put("command ablations", "examine");
        newer.results().writeInto(folder);

        ResultSet merged = ResultSet.read(folder);
        assertThat(merged.title()).isEqualTo("a run");
        assertThat(merged.story()).containsExactly("It was so.");
        assertThat(merged.models())
                .containsExactly(
                        new ModelResult("student", Role.STUDENT, 500L, 2.1, 8.2, 1.1, 0.2, 0.8),
                        newer.models.getFirst());
        assertThat(merged.positions())
                .containsExactly(curve("student", PositionCurve.NLL, 2), curve("student", PositionCurve.KL, 5));
        assertThat(merged.ablations()).containsExactly(older.ablations.getLast(), newer.ablations.getFirst());
        assertThat(merged.provenance()).containsEntry("command", "demo").containsEntry("command ablations", "examine");
    }

    private static PositionCurve curve(String model, String metric, double value) {
        return new PositionCurve(model, metric, List.of(new Bucket(0, 8, value, 8)));
    }
}
