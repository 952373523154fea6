package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.Engine;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EarlyEngineTest {
    private static boolean wanted(String line) {
        return EarlyEngine.wanted(Map.of(), line.isEmpty() ? new String[0] : line.split(" "));
    }

    @Test
    void commandsThatComputeWantIt() {
        assertThat(wanted("generate --model demo --prompt Once")).isTrue();
        assertThat(wanted("serve --model demo")).isTrue();
    }

    @Test
    void othersAndHelpDoNot() {
        assertThat(wanted("")).isFalse();
        assertThat(wanted("--version")).isFalse();
        assertThat(wanted("inspect demo")).isFalse();
        assertThat(wanted("generate --help")).isFalse();
        assertThat(wanted("generate -h")).isFalse();
    }

    @Test
    void whereTheLibrariesMayLieElsewhereTheCommandLineIsReadFirst() {
        assertThat(wanted("generate --model demo --cache /elsewhere")).isFalse();
        assertThat(wanted("generate --model demo --config=f.yaml")).isFalse();
        assertThat(wanted("generate --set cache=/elsewhere")).isFalse();
        assertThat(EarlyEngine.wanted(Map.of("LIZARD_CACHE", "/elsewhere"), "generate"))
                .isFalse();
    }

    @Test
    void whatWasLoadedEarlyIsTheEngine() {
        try (EarlyEngine _ = EarlyEngine.begin(Map.of(), "generate")) {
            assertThat(Engine.threads()).isPositive();
        }
    }
}
