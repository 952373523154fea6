package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.generate.Tiny.Kind;
import dev.lizard.model.Decoder;
import dev.lizard.model.Lora;
import dev.lizard.model.LoraSpec;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LiveTensors.class)
class SessionFileTest {
    @TempDir
    private Path folder;

    private static void assertRefused(ThrowingCallable action, Path file, String what) {
        assertThatThrownBy(action)
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessageContaining(file.toString())
                .hasMessageContaining(what)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aLoadedSessionGoesOnAsTheSavedOne(Kind kind) {
        Path file = folder.resolve("state.safetensors");
        int[] prompt = Tiny.ids(1, 100);
        List<Integer> expected;
        long stateBytes;
        try (Decoder decoder = Tiny.decoder(kind);
                Session session = new Session(decoder)) {
            session.prefill(prompt);
            session.save(file, Map.of("sampler", "12", "words", "grüße \"x\"\n"));
            stateBytes = session.stateBytes();
            expected = SessionTest.greedy(session, 30);
        }
        try (Decoder decoder = Tiny.decoder(kind)) {
            Session.Loaded loaded = Session.load(decoder, file);
            try (Session session = loaded.session()) {
                assertThat(loaded.notes()).isEqualTo(Map.of("sampler", "12", "words", "grüße \"x\"\n"));
                assertThat(session.tokens()).isEqualTo(100);
                assertThat(session.stateBytes()).isEqualTo(stateBytes);
                assertThat(session.tail()).containsExactly(Arrays.copyOfRange(prompt, 100 - History.TAIL, 100));
                assertThat(session.hasReadBeginningOf(prompt)).isTrue();
                assertThat(session.seen().cardinality())
                        .isEqualTo((int) Arrays.stream(prompt).distinct().count());
                assertThat(SessionTest.greedy(session, 30)).isEqualTo(expected);
            }
        }
    }

    @Test
    void anEmptySessionAndAShortOneCanBeSaved() {
        Path file = folder.resolve("state.safetensors");
        try (Decoder decoder = Tiny.decoder(Kind.HYBRID)) {
            for (int count : new int[] {0, 1, 7}) {
                try (Session session = new Session(decoder)) {
                    session.prefill(Tiny.ids(2, count));
                    session.save(file, Map.of());
                    try (Session loaded = Session.load(decoder, file).session()) {
                        assertThat(loaded.tokens()).isEqualTo(count);
                        assertThat(loaded.hasLogits()).isEqualTo(count > 0);
                        assertThat(loaded.tail()).containsExactly(Tiny.ids(2, count));
                        loaded.prefill(Tiny.ids(3, 20));
                        session.prefill(Tiny.ids(3, 20));
                        assertThat(loaded.logits()).isEqualTo(session.logits());
                    }
                }
            }
        }
    }

    @Test
    void samplersGoOnFromTheirNotes() {
        Sampler sampler = new Sampler(SamplerSettings.ofTemperature(1, 3), Tiny.VOCABULARY);
        float[] logits = new float[Tiny.VOCABULARY];
        sampler.next(logits, new java.util.BitSet());
        Sampler resumed = new Sampler(SamplerSettings.ofTemperature(1, 99), Tiny.VOCABULARY);
        resumed.restore(new HashMap<>(sampler.notes()));
        assertThat(resumed.state()).isEqualTo(sampler.state());
        resumed.restore(Map.of());
        assertThat(resumed.state()).isEqualTo(sampler.state());
    }

    @Test
    void theStateOfAnotherModelIsRefused() {
        Path file = folder.resolve("state.safetensors");
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                Session session = new Session(decoder)) {
            session.prefill(Tiny.ids(1, 10));
            session.save(file, Map.of());
            Tensor map = decoder.mixer(1).parameters().get("query_map");
            map.mul_(1.001); // trained further
            assertRefused(() -> Session.load(decoder, file), file, "state of another model");
        }
        for (Kind kind : List.of(Kind.TEACHER, Kind.SUM)) {
            try (Decoder other = Tiny.decoder(kind)) {
                assertRefused(() -> Session.load(other, file), file, "state of another model");
            }
        }
        try (Decoder other = Tiny.decoder(Kind.JOINT, 4)) {
            assertRefused(() -> Session.load(other, file), file, "state of another model");
        }
    }

    @Test
    void theStateOfAnotherAdapterIsRefused() {
        Path file = folder.resolve("state.safetensors");
        LoraSpec spec = new LoraSpec(2, 4, List.of("q_proj", "v_proj"));
        try (Decoder decoder = Tiny.decoder(Kind.JOINT)) {
            Map<String, Tensor> factors = new HashMap<>();
            Lora.initial(decoder, spec, new RandomStream(5), "lora")
                    .forEach(entry -> factors.put(entry.name(), entry.initial()));
            Lora.attach(decoder, spec, factors);
            try (Session session = new Session(decoder)) {
                session.prefill(Tiny.ids(1, 10));
                session.save(file, Map.of());
                Session.load(decoder, file).session().close();
            }
            factors.get("model.layers.1.self_attn.v_proj.lora_B.weight").add_(0.1);
            assertRefused(() -> Session.load(decoder, file), file, "state of another model");
            Lora.detach(decoder);
            assertRefused(() -> Session.load(decoder, file), file, "state of another model");
        }
    }

    @Test
    void tornAndForeignFilesAreRefused() throws IOException {
        Path file = folder.resolve("state.safetensors");
        long seed = Long.getLong("lizard.test.seed", 20261122);
        RandomStream random = new RandomStream(seed);
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                Session session = new Session(decoder)) {
            session.prefill(Tiny.ids(1, 10));
            session.save(file, Map.of());
            byte[] whole = Files.readAllBytes(file);
            for (int i = 0; i < 30; i++) {
                Files.write(file, Arrays.copyOf(whole, random.nextInt(whole.length)));
                assertRefused(() -> Session.load(decoder, file), file, "");
            }
            for (int i = 0; i < 200; i++) {
                byte[] flipped = whole.clone();
                int at = random.nextInt(i % 2 == 0 ? 3000 : whole.length);
                flipped[at] ^= (byte) (1 << random.nextInt(8));
                Files.write(file, flipped);
                try (Session loaded = Session.load(decoder, file).session()) {
                    assertThat(loaded.logits()).as("byte %d seed %d", at, seed).isEqualTo(session.logits());
                } catch (LizardException refused) {
                    assertThat(refused.kind()).isEqualTo(LizardException.Kind.INPUT);
                }
            }
            Files.writeString(file, "hello");
            assertRefused(() -> Session.load(decoder, file), file, "");
            Path missing = folder.resolve("missing");
            assertRefused(() -> Session.load(decoder, missing), missing, "");
        }
    }
}
