package dev.lizard.serve.schedule;

import dev.lizard.base.LizardException;
import dev.lizard.generate.FinishReason;
import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.TokenWriter;
import dev.lizard.generate.Writing;
import dev.lizard.text.Tokenizer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One continuation of a {@link Running} as it is written. */
final class Choice implements TokenWriter {
    /** Hears of its end. */
    interface Ending {
        void ended(Choice choice, @Nullable LizardException failure);
    }

    private final Running running;
    private final int index;
    private final Writing writing;
    private final Ending ending;
    private final Figures figures;
    private final List<TokenScore> held = new ArrayList<>(); // of tokens whose text is not out
    private final StringBuilder text = new StringBuilder();
    private float[] scores = new float[0];
    private int drawn;
    private long last;

    Choice(Running running, int index, Tokenizer tokenizer, Figures figures, Ending ending) {
        this.running = running;
        this.index = index;
        this.ending = ending;
        this.figures = figures;
        GenerationSettings settings = running.work().choices().get(index);
        GenerationListener listener = new GenerationListener() {
            @Override
            public void text(String piece) {
                text.append(piece);
            }
        };
        writing = new Writing(tokenizer, settings, listener, () -> running.isUnwanted() || running.isLate());
    }

    Running running() {
        return running;
    }

    /** The ids read after the prompt. */
    List<Integer> ids() {
        return writing.ids();
    }

    FinishReason reason() {
        return writing.reason();
    }

    @Override
    public @Nullable BitSet allowed() {
        return writing.allowed();
    }

    @Override
    public boolean wantsScores() {
        return running.work().top() >= 0;
    }

    @Override
    public void scores(float[] now) {
        scores = now;
    }

    @Override
    public boolean take(int id) {
        drawn++;
        note();
        if (wantsScores()) {
            held.add(TokenScore.of(scores, id, running.work().top()));
        }
        boolean read = writing.take(id);
        if (!text.isEmpty() || !read) {
            say();
        }
        return read;
    }

    private void note() {
        long now = System.nanoTime();
        figures.generatedTokens.increment();
        if (drawn == 1) {
            figures.firstToken.add(running.seconds());
        } else {
            figures.tokenTime.add((now - last) / 1e9);
        }
        last = now;
    }

    private void say() {
        running.tell(new Event.Piece(index, text.toString(), List.copyOf(held)));
        text.setLength(0);
        held.clear();
    }

    @Override
    public boolean isDone() {
        return writing.isDone();
    }

    @Override
    public void left(@Nullable LizardException failure) {
        FinishReason reason = writing.reason();
        if (failure == null && reason != FinishReason.CANCELLED) {
            if (!text.isEmpty() || (!held.isEmpty() && reason != FinishReason.STOP)) {
                say(); // tokens of a stop string stay unsaid
            }
            running.tell(new Event.Ended(index, reason, drawn, writing.ids(), writing.text()));
        }
        ending.ended(this, failure);
    }
}
