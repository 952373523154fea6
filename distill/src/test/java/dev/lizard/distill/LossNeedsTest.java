package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LossNeedsTest {
    private static final HeadDims DIMS = new HeadDims(32, 4, 2, 8);
    private static final String RECIPE = """
        name: tiny
        mixer: {mixer: MIXER}
        sequence_length: 24
        batch: 4
        stages:
          - name: only
            loss: {type: LOSS}
            train: {mixer: all}
            tokens: 10000
            learning_rate: 1e-2
        """;

    private static void require(String loss, String mixer) {
        Recipe recipe =
                Recipe.of(TinyTeacher.tree(RECIPE.replace("MIXER", mixer).replace("LOSS", loss)));
        MixerSpec spec = MixerSpecs.read(Json.object().put("mixer", mixer), DIMS, "tiny.yaml/mixer");
        LossNeeds.require(recipe, List.of(spec), "tiny.yaml");
    }

    @ParameterizedTest
    @CsvSource({
        "orthogonality, linear, kernel beside orthogonality",
        "orthogonality, lizard, kernel beside orthogonality",
        "attention-weights, mamba, match hidden-state",
        "mixing-matrix, mamba, match hidden-state"
    })
    void lossesOfWhatIsNotThereAreUsageErrors(String loss, String mixer, String remedy) {
        assertThatThrownBy(() -> require(loss, mixer))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContaining("tiny.yaml/stages.0/loss")
                .hasMessageContaining(mixer)
                .hasMessageContaining(remedy);
    }

    @ParameterizedTest
    @CsvSource({"orthogonality, kernel", "attention-weights, kernel", "attention-output, mamba", "hidden-state, mamba"})
    void othersAreTaken(String loss, String mixer) {
        assertThatCode(() -> require(loss, mixer)).doesNotThrowAnyException();
    }
}
