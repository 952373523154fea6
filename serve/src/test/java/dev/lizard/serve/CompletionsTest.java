package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.tensor.LiveTensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

@ExtendWith(LiveTensors.class)
class CompletionsTest {
    private static final String PATH = "/v1/completions";

    @RegisterExtension
    static final RunningServer SERVER = new RunningServer(ByteModel::served);

    private static JsonNode choice(JsonNode answer) {
        assertThat(answer.get("choices").size()).isEqualTo(1);
        return answer.get("choices").get(0);
    }

    @Test
    void anAnswerHasAllThatClientsLookFor() {
        JsonNode answer = SERVER.client()
                .ask(
                        PATH,
                        "{'model': 'tiny', 'prompt': 'hello', 'max_tokens': 5, 'temperature': 0, 'ignore_eos': true}");
        assertThat(answer.get("id").asString()).startsWith("cmpl-");
        assertThat(answer.get("object").asString()).isEqualTo("text_completion");
        assertThat(answer.get("model").asString()).isEqualTo("tiny");
        assertThat(answer.get("created").isIntegralNumber()).isTrue();
        assertThat(choice(answer).get("finish_reason").asString()).isEqualTo("length");
        assertThat(choice(answer).get("logprobs").isNull()).isTrue();
        assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(5);
        assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(5);
        assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(10);
    }

    @Test
    void aTextItsListAndItsIdsAreTheSamePrompt() {
        String rest = ", 'max_tokens': 12, 'temperature': 0}";
        String alone = choice(SERVER.client().ask(PATH, "{'prompt': 'abc'" + rest))
                .get("text")
                .asString();
        assertThat(choice(SERVER.client().ask(PATH, "{'prompt': ['abc']" + rest))
                        .get("text")
                        .asString())
                .isEqualTo(alone);
        assertThat(choice(SERVER.client().ask(PATH, "{'prompt': [97, 98, 99]" + rest))
                        .get("text")
                        .asString())
                .isEqualTo(alone);
        JsonNode two = SERVER.client().ask(PATH, "{'prompt': [[97, 98, 99], [97, 98, 100]], 'n': 2" + rest);
        assertThat(two.get("choices").size()).isEqualTo(4);
        for (int i = 0; i < 4; i++) {
            assertThat(two.at("/choices/" + i + "/index").asInt()).isEqualTo(i);
        }
        assertThat(two.at("/choices/1/text").asString()).isEqualTo(alone);
    }

    @Test
    void aStreamSaysWhatTheWholeAnswerSays() {
        String body = "{'prompt': 'stream', 'max_tokens': 40, 'temperature': 0, 'seed': 3, 'logprobs': 2";
        JsonNode whole = SERVER.client().ask(PATH, body + "}");
        List<JsonNode> parts =
                SERVER.client().stream(PATH, body + ", 'stream': true, 'stream_options': {'include_usage': true}}");
        StringBuilder text = new StringBuilder();
        List<String> reasons = new ArrayList<>();
        List<JsonNode> logprobs = new ArrayList<>();
        for (JsonNode part : parts.subList(0, parts.size() - 1)) {
            assertThat(part.get("usage").isNull()).isTrue();
            assertThat(part.get("id")).isEqualTo(parts.getFirst().get("id"));
            text.append(choice(part).get("text").asString());
            choice(part).at("/logprobs/token_logprobs").forEach(logprobs::add);
            if (!choice(part).get("finish_reason").isNull()) {
                reasons.add(choice(part).get("finish_reason").asString());
            }
        }
        assertThat(text.toString()).isEqualTo(choice(whole).get("text").asString());
        assertThat(reasons).containsExactly(choice(whole).get("finish_reason").asString());
        assertThat(logprobs)
                .hasSize(choice(whole).at("/logprobs/token_logprobs").size());
        JsonNode last = parts.getLast();
        assertThat(last.get("choices").isEmpty()).isTrue();
        assertThat(last.at("/usage/completion_tokens")).isEqualTo(whole.at("/usage/completion_tokens"));
    }

    @Test
    void theSameSeedDrawsTheSameAndChoicesDiffer() {
        String body = "{'prompt': 'seed', 'max_tokens': 20, 'n': 3, 'seed': %d}";
        JsonNode one = SERVER.client().ask(PATH, body.formatted(5)).get("choices");
        assertThat(SERVER.client().ask(PATH, body.formatted(5)).get("choices")).isEqualTo(one);
        assertThat(one.get(0).get("text")).isNotEqualTo(one.get(1).get("text"));
        assertThat(SERVER.client().ask(PATH, body.formatted(6)).at("/choices/0/text"))
                .isEqualTo(one.get(1).get("text"));
    }

    @Test
    void aStopTextEndsAnAnswerAndIsLeftOut() {
        String body = "{'prompt': 'stops', 'max_tokens': 30, 'temperature': 0, 'ignore_eos': true";
        String text = choice(SERVER.client().ask(PATH, body + "}")).get("text").asString();
        int from = text.offsetByCodePoints(0, 4);
        String stop = text.substring(from, text.offsetByCodePoints(from, 2));
        JsonNode cut = SERVER.client().ask(PATH, body + ", 'stop': [" + dev.lizard.base.Json.line(stop) + "]}");
        assertThat(choice(cut).get("text").asString()).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(choice(cut).get("finish_reason").asString()).isEqualTo("stop");
    }

    @Test
    void anEchoWithoutTokensScoresThePrompt() {
        JsonNode answer =
                SERVER.client().ask(PATH, "{'prompt': 'scored', 'max_tokens': 0, 'echo': true, 'logprobs': 3}");
        JsonNode logprobs = choice(answer).get("logprobs");
        assertThat(choice(answer).get("text").asString()).isEqualTo("scored");
        assertThat(choice(answer).get("finish_reason").asString()).isEqualTo("length");
        assertThat(logprobs.get("tokens").toString()).isEqualTo("[\"s\",\"c\",\"o\",\"r\",\"e\",\"d\"]");
        assertThat(logprobs.get("text_offset").toString()).isEqualTo("[0,1,2,3,4,5]");
        assertThat(logprobs.at("/token_logprobs/0").isNull()).isTrue();
        assertThat(logprobs.at("/top_logprobs/0").isNull()).isTrue();
        assertThat(logprobs.get("token_logprobs").size()).isEqualTo(6);
        assertThat(answer.at("/usage/completion_tokens").asInt()).isZero();
        double sum = 0;
        for (JsonNode one : SERVER.client()
                .ask(PATH, "{'prompt': 's', 'max_tokens': 1, 'temperature': 0, 'logprobs': 20}")
                .at("/choices/0/logprobs/top_logprobs/0")) {
            sum += Math.exp(one.asDouble());
        }
        assertThat(sum).isBetween(0.1, 1.0001);
    }

    @Test
    void tokensOfWholeAnswersAndOfStreamsBeginWhereTheirTextDoes() {
        for (String echo : List.of("", ", 'echo': true")) {
            String body =
                    "{'prompt': '\u00e9\ud83e\udd8e<|user|>x', 'max_tokens': 60, 'ignore_eos': true, 'n': 2, 'seed': 3,"
                            + " 'logprobs': 0" + echo;
            Map<Integer, List<String>> streamed = new TreeMap<>();
            for (JsonNode part : SERVER.client().stream(PATH, body + ", 'stream': true}")) {
                JsonNode logprobs = choice(part).get("logprobs");
                for (int i = 0; i < logprobs.path("tokens").size(); i++) {
                    streamed.computeIfAbsent(choice(part).get("index").asInt(), _ -> new ArrayList<>())
                            .add(place(logprobs, i));
                }
            }
            for (JsonNode choice : SERVER.client().ask(PATH, body + "}").get("choices")) {
                JsonNode logprobs = choice.get("logprobs");
                List<String> whole = new ArrayList<>();
                for (int i = 0; i < logprobs.get("tokens").size(); i++) {
                    whole.add(place(logprobs, i));
                    String token = logprobs.get("tokens").get(i).asString();
                    String text = choice.get("text").asString();
                    int offset = logprobs.get("text_offset").get(i).asInt();
                    boolean shown =
                            token.indexOf('\ufffd') < 0 && (!token.startsWith("<|") || i < 8 && !echo.isEmpty());
                    assertThat(!shown || text.startsWith(token, text.offsetByCodePoints(0, offset)))
                            .as("%s at %d of %s", token, offset, text)
                            .isTrue();
                }
                assertThat(streamed.get(choice.get("index").asInt())).isEqualTo(whole);
                assertThat(whole).hasSize(echo.isEmpty() ? 60 : 68);
            }
        }
    }

    private static String place(JsonNode logprobs, int i) {
        return logprobs.get("tokens").get(i).asString() + " at "
                + logprobs.get("text_offset").get(i).asInt();
    }

    @Test
    void scoresOfAPromptAreTheSameInOnePieceAndFromAKeptState() {
        String prompt = "a beginning that several prompts share, long enough to be kept; ";
        String body = "{'prompt': '%s', 'max_tokens': 1, 'temperature': 0, 'echo': true, 'logprobs': 1}";
        List<List<Double>> scores = new ArrayList<>();
        for (String end : List.of("first", "second", "third", "third")) {
            JsonNode answer = SERVER.client().ask(PATH, body.formatted(prompt + end));
            List<Double> one = new ArrayList<>();
            answer.at("/choices/0/logprobs/token_logprobs").forEach(x -> one.add(x.isNull() ? 0 : x.asDouble()));
            assertThat(one).hasSize(prompt.length() + end.length() + 1);
            scores.add(one);
            if (end.equals("third")) {
                assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens")
                                .asInt())
                        .isGreaterThanOrEqualTo(prompt.length());
            }
        }
        for (int i = 0; i < prompt.length(); i++) {
            assertThat(scores.get(2).get(i)).isCloseTo(scores.get(0).get(i), within(1e-3));
        }
        for (int i = 0; i < scores.get(2).size(); i++) {
            assertThat(scores.get(3).get(i)).isCloseTo(scores.get(2).get(i), within(1e-3));
        }
    }

    @Test
    void promptsOfOneRequestReadWhatTheyShareOnce() {
        String shared = "0123456789".repeat(12);
        double before = SERVER.client().figure("lizard:prefix_cache_hits_total");
        JsonNode answer = SERVER.client()
                .ask(
                        PATH,
                        "{'prompt': ['%1$sa', '%1$sbb', '%1$sccc', '%1$sdddd'], 'max_tokens': 0, 'echo': true, 'logprobs': 1}"
                                .formatted(shared));
        assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").asInt())
                .isEqualTo(3 * shared.length());
        assertThat(SERVER.client().figure("lizard:prefix_cache_hits_total") - before)
                .isEqualTo(3.0 * shared.length());
        List<Integer> lengths = new ArrayList<>();
        answer.get("choices").forEach(c -> lengths.add(c.at("/logprobs/tokens").size() - shared.length()));
        assertThat(lengths).isEqualTo(List.of(1, 2, 3, 4));
    }

    @Test
    void aPromptThatGoesOnAfterAnAnswerIsReadFromThere() {
        List<Integer> ids = new ArrayList<>(Collections.nCopies(30, 65));
        JsonNode first = SERVER.client()
                .ask(
                        PATH,
                        "{'prompt': %s, 'max_tokens': 8, 'temperature': 0, 'logprobs': 0, 'stop_token_ids': []}"
                                .formatted(ids));
        for (JsonNode token : choice(first).at("/logprobs/tokens")) {
            String text = token.asString();
            if (text.length() != 1 || text.charAt(0) > 127) {
                return; // no text that is read as the ids that were written
            }
            ids.add((int) text.charAt(0));
        }
        ids.add(66);
        JsonNode second = SERVER.client().ask(PATH, "{'prompt': %s, 'max_tokens': 2}".formatted(ids));
        assertThat(second.at("/usage/prompt_tokens_details/cached_tokens").asInt())
                .isEqualTo(ids.size() - 1);
    }
}
