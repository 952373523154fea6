package dev.lizard.serve;

import dev.lizard.base.LizardException;
import java.time.Duration;
import java.util.Map;

/** The same broken requests as far as they are understood, many more of them. */
class BindingFuzzTest extends RequestFuzzTest {
    private static final Grammars GRAMMARS = new Grammars(SERVED.tokenizer());
    private static final Duration LIMIT = Duration.ofSeconds(1);

    @Override
    public String name() {
        return "request-binding";
    }

    @Override
    public void read(Map<String, byte[]> input) {
        input.forEach((name, body) -> {
            try {
                Fields fields = Bodies.parse(body);
                switch (name) {
                    case "completion.json" -> Completions.of(fields, SERVED, 64, LIMIT, null);
                    case "chat.json" -> ChatCompletions.of(fields, SERVED, GRAMMARS, LIMIT, null);
                    default -> {}
                }
            } catch (ApiError e) {
                throw LizardException.input(String.valueOf(e.getMessage()));
            }
        });
    }
}
