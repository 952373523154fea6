package dev.lizard.eval.frontier;

import dev.lizard.distill.SequenceSource;
import dev.lizard.eval.recall.Mqar;
import dev.lizard.eval.recall.TokenRecall;
import dev.lizard.text.Batch;
import java.util.Arrays;
import java.util.List;

/** Sequences of some tasks by turns, whose targets are the asked values. */
record RecallSource(List<Mqar> tasks, long seed) implements SequenceSource {
    @Override
    public int length() {
        return tasks.getFirst().length();
    }

    /** Values that are asked of {@code sequences} sequences, at most. */
    int asked(int sequences) {
        return sequences * tasks.stream().mapToInt(TokenRecall::questions).max().orElseThrow();
    }

    @Override
    public Batch sequence(long index) {
        TokenRecall.Examples drawn = tasks.get((int) (index % tasks.size())).draw(seed, index, 1);
        return new Batch(1, length(), wide(drawn.ids()[0]), wide(drawn.labels()[0]));
    }

    private static long[] wide(int[] values) {
        return Arrays.stream(values).asLongStream().toArray();
    }

    @Override
    public String fingerprint() {
        return toString();
    }
}
