package dev.lizard.eval.frontier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Origin;
import dev.lizard.distill.StepRecord;
import dev.lizard.eval.result.FrontierPoint;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LiveTensors.class)
class RecallBenchTest {
    private static final String TINY = """
        vocabulary: 8
        length: 8
        pairs: [1, 2]
        widths: [8]
        seeds: 1
        steps: 3
        batch: 4
        test_every: 2
        tested: 6
        stacks:
          - {name: softmax, layers: [{mixer: softmax}]}
          - {name: window, layers: [{mixer: window, window: 2}, {mixer: window, window: 3}]}
        """;

    @TempDir
    Path folder;

    private final List<String> trained = new ArrayList<>();
    private final List<FrontierPoint> known = new ArrayList<>();
    private int steps;

    private final RecallBench.Listener listener = new RecallBench.Listener() {
        @Override
        public void model(int number, int models, String name) {
            trained.add("%d/%d %s".formatted(number, models, name));
        }

        @Override
        public void step(StepRecord step) {
            steps++;
        }

        @Override
        public void point(FrontierPoint point, boolean wasKnown) {
            if (wasKnown) {
                known.add(point);
            }
        }
    };

    private static FrontierPlan plan(String yaml) {
        return ConfigTree.parse(yaml, new Origin(Origin.Layer.RECIPE, "plan.yaml"))
                .bind(FrontierPlan.class);
    }

    private List<FrontierPoint> run(FrontierPlan plan, Path out, BooleanSupplier stop, String... mixers) {
        return new RecallBench(plan, out, Device.CPU, 5)
                .run(List.of(mixers), Map.of("recall-bench", "lizard recall-bench"), listener, stop);
    }

    private List<FrontierPoint> run(FrontierPlan plan, Path out) {
        return run(plan, out, () -> false);
    }

    /** Two keys, two values: chance is a half. */
    @Test
    void softmaxLearnsToRecallAndStopsWhenItHas() {
        FrontierPlan plan = plan("""
            vocabulary: 16
            length: 12
            pairs: [2]
            widths: [32]
            seeds: 1
            steps: 600
            batch: 32
            test_every: 50
            tested: 64
            enough: 0.98
            learning_rates: [3e-3, 1e-3]
            stacks: [{name: softmax, layers: [{mixer: window, window: 2}, {mixer: softmax}]}]
            """);
        FrontierPoint point = run(plan, folder).getLast();
        assertThat(trained).as("one rate suffices").hasSize(1);
        assertThat(point.accuracy()).isGreaterThanOrEqualTo(0.98);
        assertThat(point.steps()).isLessThan(600).isEqualTo(point.tokens() / (32 * 12));
    }

    @Test
    void aPointTellsWhatWasTrainedAndWhatItKeeps() {
        List<FrontierPoint> points = run(plan(TINY), folder);
        assertThat(points)
                .extracting(FrontierPoint::mixer, FrontierPoint::pairs, FrontierPoint::stateBytes)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("softmax", 1, 2L * 2 * 8 * 8 * 4), // k and v of 8 tokens
                        org.assertj.core.groups.Tuple.tuple("softmax", 2, 2L * 2 * 8 * 8 * 4),
                        org.assertj.core.groups.Tuple.tuple("window", 1, 2L * (2 + 3) * 8 * 4),
                        org.assertj.core.groups.Tuple.tuple("window", 2, 2L * (2 + 3) * 8 * 4));
        FrontierPoint last = points.getLast();
        assertThat(last.task()).isEqualTo("mqar, V 8, T 8");
        assertThat(last.asked()).isEqualTo(12);
        assertThat(last.seed()).isEqualTo(5);
        assertThat(last.steps()).isEqualTo(3);
        assertThat(last.tokens()).isEqualTo(3 * 4 * 8);
        assertThat(Objects.requireNonNull(last.accuracy()) * 12).isEqualTo(Math.rint(last.accuracy() * 12));
        assertThat(ResultSet.read(folder).frontier()).isEqualTo(points);
        assertThat(folder.resolve("cells")).isEmptyDirectory();
    }

    @Test
    void whatTheFolderHoldsIsNotTrainedAgain() {
        List<FrontierPoint> first = run(plan(TINY), folder, () -> false, "window");
        assertThat(trained).containsExactly("1/1 window, D 8, seed 5, rate 0.003");
        List<FrontierPoint> all = run(plan(TINY), folder);
        assertThat(trained)
                .containsExactly("1/1 window, D 8, seed 5, rate 0.003", "1/2 softmax, D 8, seed 5, rate 0.003");
        assertThat(known).isEqualTo(first);
        assertThat(ResultSet.read(folder).frontier()).containsExactlyInAnyOrderElementsOf(all);
        run(plan(TINY.replace("steps: 3", "steps: 4")), folder, () -> false, "window");
        assertThat(trained).hasSize(3);
        assertThat(ResultSet.read(folder).frontier()).hasSize(6).containsAll(all);
    }

    @Test
    void anInterruptedModelGoesOnWhereItWas() {
        Path whole = folder.resolve("whole");
        List<FrontierPoint> expected = run(plan(TINY), whole);
        int all = steps;
        steps = 0;
        assertThatThrownBy(() -> run(plan(TINY), folder, () -> steps == 2))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INTERRUPTED))
                .hasMessage("interrupted; the same command goes on from here");
        assertThat(run(plan(TINY), folder)).isEqualTo(expected);
        assertThat(steps).isEqualTo(all);
    }

    @Test
    void aRateThatDoesNotSufficeIsFollowedByTheNext() {
        FrontierPlan plan = plan(TINY.replace("tested: 6", "tested: 6\nenough: 1\nlearning_rates: [1e-3, 1e-4]"));
        assertThat(run(plan, folder, () -> false, "softmax"))
                .extracting(FrontierPoint::learningRate)
                .containsExactly(1e-3, 1e-3, 1e-4, 1e-4);
        assertThat(trained).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"small", "full"})
    void theBuiltInPlansHoldEveryMixerOfTheFrontier(String name) {
        FrontierPlan plan = FrontierPlan.find(name).bind(FrontierPlan.class);
        assertThat(plan.only(List.of()).stream().map(FrontierPlan.Stack::name).distinct())
                .containsExactly("softmax", "window", "linear", "gated", "gated delta", "based", "lizard");
        for (FrontierPlan.Stack stack : plan.stacks()) {
            FrontierCell cell = new FrontierCell(plan, stack, 64, 0, 1e-3);
            assertThat(cell.stateBytes()).as(cell.key()).isPositive();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        pairs: [1, 2] | pairs: [3]       | plan.yaml/pairs: 3 pairs need an even length of at least four a pair
        pairs: [1, 2] | pairs: []        | plan.yaml/pairs: expected at least one but found none
        widths: [8]   | widths: [9]      | plan.yaml/widths: expected multiples of 2, twice the heads, but found 9; change it or heads
        widths: [8]   | layers: 3        | plan.yaml/stacks.1.layers: expected one mixer, or 3 as there are layers, but found 2
        seeds: 1      | seed: 1          | plan.yaml/seed: expected
        """)
    void faultsOfAPlanNameTheKey(String before, String after, String expected) {
        assertThatThrownBy(() -> plan(TINY.replace(before, after)))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(Kind.USAGE))
                .hasMessageContaining(expected);
    }

    @Test
    void faultsOfNamesNameTheNearest() {
        assertThatThrownBy(() -> FrontierPlan.find("smal"))
                .hasMessage("unknown plan in --plan: expected a file, or one of small, full but found 'smal';"
                        + " did you mean 'small'?");
        assertThatThrownBy(() -> run(plan(TINY), folder, () -> false, "windw"))
                .hasMessage("unknown stack in --mixers: expected some of softmax, window but found 'windw';"
                        + " did you mean 'window'?");
        assertThatThrownBy(() -> run(plan(TINY.replace("window: 3", "windo: 3")), folder))
                .hasMessageContaining("unknown key 'windo' in stack window/layers");
        assertThat(trained).isEmpty();
    }
}
