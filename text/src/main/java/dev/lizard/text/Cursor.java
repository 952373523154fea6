package dev.lizard.text;

/**
 * A place in a {@link PackedDataset}: all that a checkpoint needs to go on exactly where it stopped.
 *
 * @param epoch how many times all data have been seen, from 0
 * @param position the sequence of that epoch to be read next, from 0
 */
public record Cursor(long epoch, long position) {
    /** The beginning. */
    public static final Cursor START = new Cursor(0, 0);

    public Cursor {
        if (epoch < 0 || position < 0) {
            throw new IllegalArgumentException("epoch %d, position %d".formatted(epoch, position));
        }
    }
}
