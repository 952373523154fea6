package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.result.Conversion;
import dev.lizard.eval.result.HeadError;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.WeightMatch;
import dev.lizard.tensor.RandomStream;
import dev.lizard.text.synthetic.Stories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What papers claim of their systems, as far as a minute on the demo's teacher and its stories can show it. */
@Tag("slow")
class RivalCardsTest {
    @TempDir
    static Path temp;

    private static Path data;
    private static Path heldOut;

    private final Terminal terminal = new Terminal();

    @BeforeAll
    static void stories() throws IOException {
        data = Files.writeString(temp.resolve("data.txt"), new Stories().beginning(200_000, new RandomStream(1)));
        heldOut = Files.writeString(temp.resolve("held-out.txt"), new Stories().beginning(9_000, new RandomStream(2)));
    }

    private void run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of("--device=cpu", "--dtype=float32", "--threads=2", "--cache=" + temp.resolve("cache")));
        assertThat(terminal.run(all.toArray(String[]::new))).as(terminal.err()).isZero();
    }

    private ResultSet examined(Path student, String aspect) {
        Path out = temp.resolve("examined-" + student.getFileName());
        run(
                "examine",
                "--model=" + student,
                "--teacher=demo",
                "--text-file=" + heldOut,
                "--only=" + aspect,
                "--length=256",
                "--windows=4",
                "--out=" + out);
        return ResultSet.read(out);
    }

    private Path linearized(String name, String recipe) throws IOException {
        Path file = Files.writeString(temp.resolve(name + ".yaml"), recipe);
        Path out = temp.resolve(name);
        run("linearize", "--model=demo", "--recipe=" + file, "--data=" + data, "--out=" + out);
        return out;
    }

    private double divergence(String activation) throws IOException {
        Path student = linearized("weights-" + activation, """
            name: weights
            mixer: {mixer: hedgehog, activation: %s}
            sequence_length: 256
            batch: 2
            held_out: {tokens: 512}
            stages:
              - name: weights
                loss: {type: attention-weights}
                train: {mixer: all}
                tokens: 16384
                learning_rate: 1e-2
            """.formatted(activation));
        WeightMatch all = examined(student, "weights").weightMatches().getFirst();
        assertThat(all.layer()).isNull();
        return all.kl();
    }

    /** Hedgehog: at equal steps, maps and state. */
    @Test
    void spikyFeaturesComeNearerToSoftmaxsWeights() throws IOException {
        assertThat(divergence("softmax")).isLessThan(divergence("relu")).isLessThan(divergence("elu"));
    }

    /** LoLCATs: after its first stage each layer is nearer to the teacher's than its window alone is. */
    @Test
    void featuresBesideAWindowImproveEachLayer() throws IOException {
        Path student = linearized("lolcats", """
            name: lolcats
            mixer: {mixer: lolcats, window: 32}
            sequence_length: 512
            batch: 1
            held_out: {tokens: 1024}
            stages:
              - name: transfer
                loss: {type: attention-output}
                train: {mixer: all}
                tokens: 32768
                learning_rate: 1e-2
            """);
        Path window = linearized("window", "name: window\nmixer: {mixer: window, window: 32, meta: 0}\nstages: []\n");
        List<HeadError> errors = layers(examined(student, "heads"));
        List<HeadError> alone = layers(examined(window, "heads"));
        assertThat(errors).hasSize(alone.size()).isNotEmpty();
        for (int layer = 0; layer < errors.size(); layer++) {
            assertThat(errors.get(layer).error())
                    .as("layer %d", layer)
                    .isLessThan(alone.get(layer).error());
        }
    }

    private static List<HeadError> layers(ResultSet results) {
        return results.headErrors().stream().filter(row -> row.head() == null).toList();
    }

    /** SUPRA stays behind LoLCATs at equal tokens. */
    @Test
    void aSwapThatIsTrainedOnStaysBehindAHybrid() {
        Path out = temp.resolve("compared");
        run(
                "compare",
                "--model=demo",
                "--recipes=supra,lolcats",
                "--data=" + data,
                "--text-file=" + heldOut,
                "--tokens=32768",
                "--length=256",
                "--windows=8",
                "--set=sequence_length=512",
                "--set=batch=1",
                "--set=held_out.tokens=1024",
                "--set=held_out.stretch=1",
                "--out=" + out);
        List<Conversion> rows = ResultSet.read(out).conversions();
        assertThat(rows).hasSize(2);
        assertThat(rows.getFirst().nll()).isGreaterThan(rows.getLast().nll());
    }
}
