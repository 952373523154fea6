package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestTest {
    @Test
    void nearestComesFirst() {
        assertThat(Nearest.to("q_porj", List.of("k_proj", "up_proj", "q_proj"), 2))
                .containsExactly("q_proj", "k_proj");
        assertThat(Nearest.hint("LINEARISE", List.of("generate", "linearize"))).isEqualTo("did you mean 'linearize'?");
        assertThat(Nearest.hint("x", List.of())).isEmpty();
    }

    @Test
    void farNamesAreNoHint() {
        List<String> commands = List.of("generate", "doctor");
        assertThat(Nearest.hintOr("genrate", commands, "see help")).isEqualTo("did you mean 'generate'?");
        assertThat(Nearest.hintOr("gen", commands, "see help")).isEqualTo("did you mean 'generate'?");
        assertThat(Nearest.hintOr("foo", commands, "see help")).isEqualTo("see help");
        assertThat(Nearest.hintOr("foo", List.of(), "see help")).isEqualTo("see help");
    }

    @Test
    void distanceIsLevenshteins() {
        assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Nearest.distance("", "abc")).isEqualTo(3);
        assertThat(Nearest.distance("abc", "abc")).isZero();
    }
}
