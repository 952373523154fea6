package dev.lizard.base.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What every reader promises for whatever files it is given: it reads them, or it throws a {@link LizardException} of
 * one line; soon, within bounded memory, and leaving nothing behind. A subclass gives files that are read and says how
 * they are read; see {@link FuzzRun} for what is measured and how an input is repeated.
 */
public abstract class FuzzContract implements FuzzTarget {
    private static final int SHORT_SECONDS = 5;
    private static final int LONG_SECONDS = 60;

    @Test
    void samplesAreRead() throws IOException {
        for (Map<String, byte[]> sample : samples()) {
            read(sample);
        }
    }

    @Test
    void mutationsAreReadOrRefused() throws IOException {
        fuzz(SHORT_SECONDS);
    }

    @Test
    @Tag("slow")
    void mutationsForLonger() throws IOException {
        fuzz(Integer.getInteger("lizard.fuzz.seconds", LONG_SECONDS));
    }

    private void fuzz(int seconds) throws IOException {
        FuzzFigures figures = new FuzzRun(this, FuzzSettings.of(seconds)).run();
        assertThat(figures.inputs()).isPositive();
    }
}
