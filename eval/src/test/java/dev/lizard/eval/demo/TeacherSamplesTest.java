package dev.lizard.eval.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.ByteModels;
import dev.lizard.model.Decoder;
import java.util.List;
import org.junit.jupiter.api.Test;

class TeacherSamplesTest {
    @Test
    void aTextIsTheSameWhateverIsDrawnBesideIt() {
        TeacherSamples samples = new TeacherSamples(24, 1, 7);
        try (Decoder model = ByteModels.random(3)) {
            List<String> all = samples.draw(model, 0, 3);
            assertThat(all)
                    .doesNotHaveDuplicates()
                    .allSatisfy(text -> assertThat(text).hasSize(24));
            assertThat(samples.draw(model, 1, 2)).isEqualTo(all.subList(1, 3));
        }
    }
}
