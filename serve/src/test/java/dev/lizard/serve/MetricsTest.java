package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.tensor.LiveTensors;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code /metrics} as a strict reader of the format sees it. */
@ExtendWith(LiveTensors.class)
class MetricsTest {
    private static final String ODD = "a \"model\" \\n of C:\\new\nlines, {é}=1";
    private static final String TEXT = "/v1/completions";

    private static Served called(String name, ByteModel model) {
        Served served = model.served();
        return new Served(
                name,
                served.decoder(),
                served.tokenizer(),
                served.chat(),
                served.endIds(),
                served.context(),
                served.stateBytes(),
                served.cacheBytes(),
                served.liveTensors());
    }

    private static double value(Exposition all, String family, String model) {
        return all.families().get("lizard:" + family).samples().entrySet().stream()
                .filter(sample -> sample.getKey().labels().get("model_name").equals(model))
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }

    @Test
    void figuresOfTwoModelsOfAnyNameAreReadAsTheyAreMeantUnderLoadToo() {
        try (ByteModel student = new ByteModel(true);
                ByteModel teacher = new ByteModel(false);
                Server server = Server.start(
                        List.of(called(ODD, student), called("teacher", teacher)),
                        ServerSettings.local(),
                        logged -> {},
                        line -> {});
                Client client = new Client(server)) {
            Exposition before = Exposition.parse(client.get("/metrics").body());
            CompletableFuture<Void> load = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < 30; i++) {
                    client.ask(TEXT, "{'prompt': 'x', 'max_tokens': 10, 'ignore_eos': true}");
                }
            });
            int scrapes = 0;
            for (; !load.isDone(); scrapes++) {
                Exposition.parse(client.get("/metrics").body());
            }
            load.join();
            client.ask(TEXT, "{'model': 'teacher', 'prompt': 'xy', 'max_tokens': 3, 'ignore_eos': true}");
            assertThat(scrapes).isPositive();

            assertThat(client.get("/metrics").headers().firstValue("content-type"))
                    .hasValue("text/plain; version=0.0.4; charset=utf-8");
            Exposition after = Exposition.parse(client.get("/metrics").body());
            assertThat(after.families().keySet())
                    .containsExactlyElementsOf(before.families().keySet());
            assertThat(after.families().get("lizard:generation_tokens_total").type())
                    .isEqualTo("counter");
            assertThat(after.families().get("lizard:num_requests_running").type())
                    .isEqualTo("gauge");
            assertThat(after.families()
                            .get("lizard:time_to_first_token_seconds")
                            .type())
                    .isEqualTo("histogram");
            assertThat(value(before, "generation_tokens_total", ODD)).isZero();
            assertThat(value(after, "generation_tokens_total", ODD)).isEqualTo(300);
            assertThat(value(after, "generation_tokens_total", "teacher")).isEqualTo(3);
            assertThat(value(after, "prompt_tokens_total", "teacher")).isEqualTo(2);
            assertThat(value(after, "request_success_total", ODD)).isEqualTo(30);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "# HELP a A.\n# TYPE a gauge\na 1", // no newline
                "# HELP a A.\n# TYPE a gauge\na 1\n\n",
                "# HELP a A.\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"1\"} 2\n",
                "# HELP a A.\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n",
                "# HELP a A.\n# TYPE a gauge\na{x=\"\\d\"} 1\n",
                "# HELP a A.\n# TYPE a gauge\na{x=\"1\"2\"} 1\n",
                "# HELP a A.\n# TYPE a gauge\na one\n",
                "# HELP a A.\n# TYPE a gauge\nb 1\n",
                "# HELP a A.\n# TYPE a rate\na 1\n",
                "# HELP a A.\n# TYPE a counter\na 1\n",
                "# HELP a_total A.\n# TYPE a_total counter\na_total -1\n",
                "# TYPE a gauge\n# HELP a A.\na 1\n",
                "# HELP a A.\n# TYPE a gauge\na 1\n# HELP b B.\n# TYPE b gauge\nb 1\na{x=\"1\"} 1\n",
                "# HELP a A.\n# TYPE a gauge\na 1\n# HELP a A.\n# TYPE a gauge\na{x=\"1\"} 1\n",
                "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
                "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 1\n",
                "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 3\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 2\n",
                "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 1\n"
            })
    void theReaderIsStrict(String text) {
        assertThatThrownBy(() -> Exposition.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theReaderTakesWhatIsRight() {
        String text = "# HELP a A \\\\ b.\n# TYPE a histogram\na_bucket{le=\"0.5\"} 1\na_bucket{le=\"+Inf\"} 2\n"
                + "a_sum 1e-3\na_count 2\n";
        assertThatCode(() -> Exposition.parse(text)).doesNotThrowAnyException();
    }
}
