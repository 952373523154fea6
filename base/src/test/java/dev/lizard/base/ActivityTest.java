package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ActivityTest {
    private final List<String> heard = new ArrayList<>();

    @AfterEach
    void listenNoMore() {
        Activity.listen(what -> {});
    }

    @Test
    void theInnermostWorkIsHeardAndThenTheOuterAgain() {
        Activity.listen(what -> heard.add(String.valueOf(what)));
        Activity outer = Activity.begin("loading");
        Activity inner = Activity.begin("hashing");
        inner.close();
        inner.close();
        outer.close();
        assertThat(heard).containsExactly("null", "loading", "hashing", "loading", "null");
    }

    @Test
    void whoeverListensLateHearsWhatIsBeingDone() {
        try (Activity running = Activity.begin("waiting")) {
            assertThat(running).isNotNull();
            Activity.listen(what -> heard.add(String.valueOf(what)));
        }
        assertThat(heard).containsExactly("waiting", "null");
    }
}
