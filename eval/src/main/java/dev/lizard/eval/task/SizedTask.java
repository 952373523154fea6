package dev.lizard.eval.task;

/** A task whose items can be made of any size: {@code NAME@SIZE} asks for it at that size alone. */
public interface SizedTask extends Task {
    /**
     * The same at one size.
     *
     * @param size 1 or more, in what {@link #about} counts it in
     */
    Task at(int size);
}
