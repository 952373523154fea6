package dev.lizard.distill;

import dev.lizard.model.Decoder;

/** Is told how training goes; the command line renders it. Methods are called on the training thread. */
public interface TrainListener {
    /** Hears nothing. */
    TrainListener NONE = new TrainListener() {};

    /** Before the first step of a stage, or the first after a resume. */
    default void stage(String name, long doneSteps, long steps) {}

    /** After an update. The gradients may be the next step's by then. */
    default void step(StepRecord step) {}

    default void measured(Measurement measurement) {}

    /**
     * Beside each held-out measurement of a linearization, while the decoder is that model: the place to examine it
     * further. It must be left as it was found.
     *
     * @param stage the stage, {@code before} for the first ones
     * @param model {@code teacher}, {@code swapped}, {@code student}, {@code window only}, {@code linear only} or
     *     {@code without slots}
     */
    default void examine(String stage, long step, String model, Decoder decoder) {}

    /** Something worth a line, such as a torn checkpoint that was passed over. */
    default void note(String line) {}

    /** Something that may be against the user's wish, such as files beside the data that are not read. */
    default void warn(String line) {
        note(line);
    }
}
