package dev.lizard.generate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.generate.Tiny.Kind;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

@ExtendWith(LiveTensors.class)
class GeneratorTest {
    private static final String PROMPT = "Once upon a time, ";
    private static final BooleanSupplier NEVER = () -> false;
    private static final SamplerSettings WARM =
            SamplerSettings.ofTemperature(1, 5).withTopK(100).withRepetitionPenalty(1.1);

    private static Decoder decoder;
    private static Tokenizer tokenizer;
    private static Generator generator;

    @BeforeAll
    static void open() {
        decoder = Tiny.decoder(Kind.JOINT);
        tokenizer = Tiny.tokenizer();
        generator = new Generator(tokenizer);
    }

    @AfterAll
    static void close() {
        decoder.close();
        tokenizer.close();
    }

    /** Collects what is streamed and checks that each piece is whole characters. */
    private static final class Listener implements GenerationListener {
        private final StringBuilder text = new StringBuilder();
        private final List<Integer> ids = new ArrayList<>();
        private final List<Long> prompt = new ArrayList<>();

        @Override
        public void prompt(long read, long total) {
            prompt.add(read);
            assertThat(total).isEqualTo(PROMPT.length());
        }

        @Override
        public void text(String piece) {
            assertThat(new String(piece.getBytes(UTF_8), UTF_8)).isEqualTo(piece); // no half of a surrogate pair
            assertThat(piece).isNotEmpty();
            text.append(piece);
        }

        @Override
        public void token(int id) {
            ids.add(id);
        }
    }

    private static Generation run(GenerationSettings settings) {
        try (Session session = new Session(decoder)) {
            return generator.generate(session, PROMPT, settings, GenerationListener.NONE, NEVER);
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void textAndIdsAreThoseOfTheSessionsScores(Kind kind) {
        try (Decoder model = Tiny.decoder(kind);
                Session session = new Session(model);
                Session twin = new Session(model)) {
            Listener listener = new Listener();
            Generation made = generator.generate(
                    session, PROMPT, GenerationSettings.of(60, SamplerSettings.GREEDY), listener, NEVER);
            twin.prefill(tokenizer.encode(PROMPT, true));
            assertThat(made.ids()).isEqualTo(SessionTest.greedy(twin, made.completionTokens()));
            assertThat(made.text())
                    .isEqualTo(listener.text.toString())
                    .isEqualTo(tokenizer.decode(
                            made.ids().stream().mapToInt(i -> i).toArray(), true));
            assertThat(listener.ids).isEqualTo(made.ids());
            assertThat(listener.prompt).containsExactly((long) PROMPT.length());
            assertThat(made.promptTokens()).isEqualTo(PROMPT.length());
            assertThat(session.tokens()).isEqualTo(PROMPT.length() + made.completionTokens());
            assertThat(made.stateBytes()).isEqualTo(session.stateBytes());
        }
    }

    @Test
    void theSeedDecidesTheText() {
        Generation made = run(GenerationSettings.of(80, WARM));
        assertThat(run(GenerationSettings.of(80, WARM)).ids()).isEqualTo(made.ids());
        assertThat(run(GenerationSettings.of(80, WARM.withSeed(6))).ids()).isNotEqualTo(made.ids());
    }

    @Test
    void aContinuedSessionAndSamplerMakeTheUnbrokenText() {
        Generation whole = run(GenerationSettings.of(60, WARM).goingPastEnd());
        try (Session session = new Session(decoder)) {
            int[] prompt = tokenizer.encode(PROMPT, true);
            Sampler sampler = new Sampler(WARM, Tiny.VOCABULARY);
            Generation first = generator.generate(
                    session,
                    prompt,
                    GenerationSettings.of(25, WARM).goingPastEnd(),
                    sampler,
                    GenerationListener.NONE,
                    NEVER);
            Sampler resumed = new Sampler(WARM, Tiny.VOCABULARY);
            resumed.restore(sampler.state());
            Generation second = generator.generate(
                    session,
                    new int[0],
                    GenerationSettings.of(35, WARM).goingPastEnd(),
                    resumed,
                    GenerationListener.NONE,
                    NEVER);
            List<Integer> both = new ArrayList<>(first.ids());
            both.addAll(second.ids());
            assertThat(both).isEqualTo(whole.ids());
            assertThat(second.promptTokens()).isZero();
            assertThat(second.prefillTokensPerS()).isZero();
        }
    }

    @Test
    void aStopStringEndsTheTextBeforeIt() {
        Generation free = run(GenerationSettings.of(80, WARM));
        String stop = free.text().substring(20, 23);
        int at = free.text().indexOf(stop);
        Listener listener = new Listener();
        try (Session session = new Session(decoder)) {
            Generation made = generator.generate(
                    session,
                    PROMPT,
                    GenerationSettings.of(80, WARM).withStops(List.of("never there", stop)),
                    listener,
                    NEVER);
            assertThat(made.text()).isEqualTo(free.text().substring(0, at)).isEqualTo(listener.text.toString());
            assertThat(made.finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(made.ids()).isEqualTo(free.ids().subList(0, made.completionTokens()));
        }
    }

    @Test
    void anEndIdEndsTheTextAndIsNotRead() {
        Generation free = run(GenerationSettings.of(80, WARM));
        int end = free.ids().get(30);
        int at = free.ids().indexOf(end);
        GenerationSettings settings = new GenerationSettings(80, WARM, List.of(), List.of(end), false);
        try (Session session = new Session(decoder)) {
            Generation made = generator.generate(session, PROMPT, settings, GenerationListener.NONE, NEVER);
            assertThat(made.ids()).isEqualTo(free.ids().subList(0, at));
            assertThat(made.finishReason()).isEqualTo(FinishReason.STOP);
            assertThat(session.tokens()).isEqualTo(PROMPT.length() + at);
        }
        assertThat(run(settings.goingPastEnd()).ids())
                .isEqualTo(run(GenerationSettings.of(80, WARM).goingPastEnd()).ids());
    }

    @Test
    void itEndsAtTheLimitOrWhenCancelled() {
        assertThat(run(GenerationSettings.of(1, WARM)).finishReason()).isEqualTo(FinishReason.LENGTH);
        Listener listener = new Listener();
        try (Session session = new Session(decoder)) {
            Generation made = generator.generate(
                    session, PROMPT, GenerationSettings.of(80, WARM), listener, () -> listener.ids.size() == 7);
            assertThat(made.completionTokens()).isEqualTo(7);
            assertThat(made.finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(session.tokens()).isEqualTo(PROMPT.length() + 7L);
        }
        try (Session session = new Session(decoder)) {
            int[] prompt = Tiny.ids(1, 2 * Session.CHUNK);
            Sampler sampler = new Sampler(WARM, Tiny.VOCABULARY);
            Generation made = generator.generate(
                    session, prompt, GenerationSettings.of(80, WARM), sampler, GenerationListener.NONE, () -> true);
            assertThat(made.promptTokens()).isEqualTo(Session.CHUNK);
            assertThat(made.completionTokens()).isZero();
            assertThat(made.decodeTokensPerS()).isZero();
            assertThat(made.finishReason()).isEqualTo(FinishReason.CANCELLED);
        }
    }

    @Test
    void settingsAndEmptyPromptsAreRefusedInOneLine() {
        assertThatThrownBy(() -> GenerationSettings.of(0, WARM)).hasMessageContaining("--max-tokens");
        assertThatThrownBy(() -> GenerationSettings.of(1, WARM).withStops(List.of("")))
                .hasMessageContaining("--stop");
        try (Session session = new Session(decoder)) {
            assertThatThrownBy(() -> generator.generate(
                            session, "", GenerationSettings.of(1, WARM), GenerationListener.NONE, NEVER))
                    .isInstanceOfSatisfying(
                            LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                    .hasMessageContaining("--prompt");
        }
    }

    @Test
    void theJsonHasThePromisedFields() {
        JsonNode json = Json.MAPPER.valueToTree(run(GenerationSettings.of(3, WARM)));
        assertThat(json.propertyNames())
                .containsExactlyInAnyOrder(
                        "text",
                        "ids",
                        "prompt_tokens",
                        "completion_tokens",
                        "finish_reason",
                        "prefill_tokens_per_s",
                        "decode_tokens_per_s",
                        "state_bytes",
                        "peak_rss_bytes");
        assertThat(json.get("finish_reason").asString()).isEqualTo("length");
        assertThat(json.get("prefill_tokens_per_s").asDouble()).isPositive();
        assertThat(json.get("decode_tokens_per_s").asDouble()).isPositive();
    }

    @Test
    void aPromptInPartsIsReadAsTheWholeIsToTheLastBit() {
        int[] ids = Tiny.ids(3, 3 * Session.CHUNK + 100);
        GenerationSettings settings = GenerationSettings.of(5, SamplerSettings.GREEDY);
        try (Session whole = new Session(decoder);
                Session parts = new Session(decoder)) {
            Sampler one = new Sampler(settings.sampling(), Tiny.VOCABULARY);
            Sampler two = new Sampler(settings.sampling(), Tiny.VOCABULARY);
            Generation expected = generator.generate(whole, ids, settings, one, GenerationListener.NONE, NEVER);
            List<int[]> cut = List.of(
                    Arrays.copyOf(ids, 7),
                    new int[0],
                    Arrays.copyOfRange(ids, 7, 1200),
                    Arrays.copyOfRange(ids, 1200, ids.length));
            Generation made =
                    generator.generate(parts, cut.iterator(), 0, settings, two, GenerationListener.NONE, NEVER);
            assertThat(made.ids()).isEqualTo(expected.ids());
            assertThat(made.promptTokens()).isEqualTo(ids.length);
            assertThat(parts.logits()).isEqualTo(whole.logits());
        }
    }
}
