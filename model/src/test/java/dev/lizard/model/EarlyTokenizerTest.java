package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.text.Tokenizer;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EarlyTokenizerTest {
    private final List<Thread> makers = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    private Tokenizer make() {
        makers.add(Thread.currentThread());
        return (Tokenizer) Proxy.newProxyInstance(
                Tokenizer.class.getClassLoader(), new Class<?>[] {Tokenizer.class}, (self, method, given) -> {
                    closed.countDown();
                    return null;
                });
    }

    @Test
    void theFirstToAskGetsTheOneThatWasBegunAndOthersTheirOwn() {
        EarlyTokenizer early = new EarlyTokenizer(this::make).begin();
        early.take();
        early.take();
        assertThat(makers).hasSize(2);
        assertThat(makers.get(0)).isNotEqualTo(Thread.currentThread());
        assertThat(makers.get(1)).isEqualTo(Thread.currentThread());
    }

    @Test
    void nothingIsMadeThatWasNotBegun() {
        new EarlyTokenizer(this::make).discard();
        assertThat(makers).isEmpty();
    }

    @Test
    void oneThatNobodyTookIsClosed() throws InterruptedException {
        new EarlyTokenizer(this::make).begin().discard();
        assertThat(closed.await(1, TimeUnit.MINUTES)).isTrue();
    }

    @Test
    void whatIsWrongIsSaidAsItWouldBeWithoutAnotherThread() {
        LizardException bad = LizardException.input("unreadable tokenizer.json");
        EarlyTokenizer early = new EarlyTokenizer(() -> {
                    throw bad;
                })
                .begin();
        assertThatThrownBy(early::take).isSameAs(bad);
    }
}
