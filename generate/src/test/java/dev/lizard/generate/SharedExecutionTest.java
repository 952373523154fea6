package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Progress;
import dev.lizard.generate.Tiny.Kind;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a decoder computes once for generation is shared by all who generate. */
@ExtendWith(LiveTensors.class)
class SharedExecutionTest {
    @Test
    void sessionsScoresAndFilesShareWhatIsPreparedOnce(@TempDir Path folder) {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                Session first = new Session(decoder);
                Session second = new Session(decoder)) {
            first.prefill(Tiny.ids(1, 20));
            second.prefill(Tiny.ids(2, 30));
            for (int t = 0; t < 5; t++) {
                first.step(t);
                second.step(t);
            }
            new Scorer(decoder).score(Tiny.ids(3, 50), 0, 0, Progress.NONE);
            Path file = folder.resolve("session");
            first.save(file, Map.of());
            try (Session loaded = Session.load(decoder, file).session()) {
                loaded.step(1);
            }
            second.step(9);
            assertThat(decoder.executions()).isOne();
            decoder.mixer(0).parameters().values().iterator().next().add_(1.0);
            first.step(3);
            second.step(3);
            assertThat(decoder.executions()).isEqualTo(2);
        }
    }
}
