package dev.lizard.distill;

/** Is told how training goes; the command line renders it. Methods are called on the training thread. */
public interface TrainListener {
    /** Hears nothing. */
    TrainListener NONE = new TrainListener() {};

    /** Before the first step of a stage, or the first after a resume. */
    default void stage(String name, long doneSteps, long steps) {}

    default void step(StepRecord step) {}

    default void measured(Measurement measurement) {}

    /** Something worth a line, such as a torn checkpoint that was passed over. */
    default void note(String line) {}
}
