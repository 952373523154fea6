package dev.lizard.base.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The harness sees what it is there to see, and gives the same inputs for the same seed. */
class FuzzRunTest {
    private static final String SAMPLE = "{\"a\": [1, 2.5, \"x\"], \"b\": {\"c\": true}}";

    @TempDir
    Path results = Path.of(".");

    private static FuzzTarget reader(Consumer<byte[]> read) {
        return new FuzzTarget() {
            @Override
            public String name() {
                return "harness";
            }

            @Override
            public List<Map<String, byte[]>> samples() {
                return List.of(Map.of("a.json", SAMPLE.getBytes()));
            }

            @Override
            public void read(Map<String, byte[]> input) throws IOException {
                read.accept(input.getOrDefault("a.json", new byte[0]));
            }
        };
    }

    private FuzzRun run(FuzzTarget target, long inputs) {
        return new FuzzRun(
                target,
                new FuzzSettings(
                        7,
                        OptionalLong.empty(),
                        OptionalLong.of(inputs),
                        Duration.ofSeconds(60),
                        Optional.of(results)));
    }

    private static boolean sample(byte[] bytes) {
        return new String(bytes).equals(SAMPLE);
    }

    @Test
    void countsWhatIsReadAndWhatIsRefused() throws IOException {
        FuzzFigures figures = run(
                        reader(bytes -> {
                            if (!sample(bytes) && bytes.length % 2 == 0) {
                                throw LizardException.input("bad file in x: expected a but found b; correct it");
                            }
                        }),
                        300)
                .run();
        assertThat(figures.inputs()).isEqualTo(300);
        assertThat(figures.accepted()).isBetween(50L, 250L);
        assertThat(figures.accepted() + figures.refused()).isEqualTo(300);
        assertThat(results.resolve("harness.json")).content().contains("\"seed\" : 7");
    }

    @Test
    void sameSeedGivesSameInputs() throws IOException {
        List<String> first = new ArrayList<>();
        List<String> second = new ArrayList<>();
        run(reader(bytes -> first.add(new String(bytes))), 200).run();
        run(reader(bytes -> second.add(new String(bytes))), 200).run();
        assertThat(first).isEqualTo(second);
        assertThat(new HashSet<>(first)).hasSizeGreaterThan(150);
    }

    @Test
    void otherExceptionsFailWithSeedAndInput() {
        FuzzTarget target = reader(bytes -> {
            if (!sample(bytes)) {
                throw new IllegalStateException("oh");
            }
        });
        assertThatThrownBy(() -> run(target, 50).run())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("-Dlizard.fuzz.seed=7 -Dlizard.fuzz.only=0")
                .hasMessageContaining("IllegalStateException: oh")
                .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(2)); // the same fault is named once
        assertThat(Path.of("target/fuzz/harness-7-0/a.json")).exists();
    }

    @Test
    void messagesOfTheProgramsInsidesFail() {
        for (String message : List.of("", "java.lang.Thing; mend it", "this is a fault of lizard")) {
            FuzzTarget target = reader(bytes -> {
                if (!sample(bytes)) {
                    throw LizardException.input(message);
                }
            });
            assertThatThrownBy(() -> run(target, 5).run()).isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void anInputThatTakesTooLongFailsWithItsStack() {
        CountDownLatch never = new CountDownLatch(1);
        FuzzTarget target = reader(bytes -> {
            while (!sample(bytes) && never.getCount() > 0) {
                Thread.onSpinWait();
            }
        });
        assertThatThrownBy(() -> run(target, 5).run())
                .hasMessageContaining("takes too long")
                .rootCause()
                .satisfies(e -> assertThat(e.getStackTrace())
                        .anyMatch(at -> at.toString().contains("FuzzRunTest")));
        never.countDown();
    }

    @Test
    void whatIsLeftAliveFails() {
        long[] alive = {0};
        FuzzTarget target = new FuzzTarget() {
            @Override
            public String name() {
                return "harness";
            }

            @Override
            public List<Map<String, byte[]>> samples() {
                return List.of(Map.of("a.txt", SAMPLE.getBytes()));
            }

            @Override
            public void read(Map<String, byte[]> input) {
                alive[0]++;
            }

            @Override
            public long alive() {
                return alive[0];
            }
        };
        assertThatThrownBy(() -> run(target, 5).run()).hasMessageContaining("alive");
    }

    @Test
    void growingMemoryFails() {
        Set<byte[]> kept = new HashSet<>();
        FuzzTarget target = reader(bytes -> kept.add(new byte[1 << 20]));
        assertThatThrownBy(() -> run(target, 100).run()).hasMessageContaining("memory grows");
    }

    @Test
    void mutationsOfAnythingGiveSomething() throws IOException {
        assertThatCode(() -> run(reader(bytes -> {}), 2000).run()).doesNotThrowAnyException();
    }
}
