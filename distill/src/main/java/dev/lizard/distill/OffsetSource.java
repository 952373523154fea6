package dev.lizard.distill;

import dev.lizard.text.Batch;

/** A source from its sequence {@code first} on: a later stage goes on where the one before it stopped. */
record OffsetSource(SequenceSource source, long first) implements SequenceSource {
    @Override
    public int length() {
        return source.length();
    }

    @Override
    public Batch sequence(long index) {
        return source.sequence(first + index);
    }

    @Override
    public String fingerprint() {
        return source.fingerprint() + " from " + first;
    }
}
