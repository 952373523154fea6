package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException;
import dev.lizard.base.fuzz.FuzzContract;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Requests of all kinds, broken: each is answered, or refused in the usual form, and never by a fault of ours. */
class RequestFuzzTest extends FuzzContract {
    private static final ByteModel MODEL = new ByteModel(true);
    static final Served SERVED = RequestSamples.brief(MODEL.withTools());
    private static final Server SERVER = Server.start(
            SERVED,
            new ServerSettings(
                    "127.0.0.1",
                    0,
                    null,
                    false,
                    16,
                    64,
                    1 << 20,
                    1 << 16,
                    Duration.ofMinutes(1),
                    Duration.ofSeconds(20)),
            logged -> {});
    private static final Client CLIENT = new Client(SERVER);

    @Override
    public String name() {
        return "requests";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        return RequestSamples.all();
    }

    @Override
    public void read(Map<String, byte[]> input) {
        input.forEach((name, body) -> {
            HttpResponse<String> response = CLIENT.post(RequestSamples.PATHS.getOrDefault(name, "/"), body);
            int status = response.statusCode();
            if (status == 200) {
                assertThat(response.body()).doesNotContain("server_error");
                return;
            }
            assertThat(status).as(response.body()).isIn(400, 404, 413);
            throw LizardException.input(Client.error(response).get("message").asString());
        });
    }
}
