package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.LiveTensors;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class PageTest {
    @Test
    void thePageIsWholeAndAsksNothingOfOtherPlaces() {
        try (ByteModel model = new ByteModel(true);
                Server server = Server.start(model.served(), ServerSettings.local(), logged -> {});
                Client client = new Client(server)) {
            HttpResponse<String> page = client.get("/");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.headers().firstValue("content-type")).hasValue("text/html; charset=utf-8");
            assertThat(page.headers().firstValue("content-security-policy").orElse(""))
                    .contains("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'");
            assertThat(page.body())
                    .startsWith("<!doctype html>")
                    .endsWith("</html>\n")
                    .contains("color-scheme: light dark", "fork(", "compare(", "retry(", "edit(", "cache_bytes")
                    .doesNotContain("http://", "https://", "src=", "innerHTML", "eval(");
        }
    }
}
