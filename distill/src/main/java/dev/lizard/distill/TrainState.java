package dev.lizard.distill;

/**
 * What a checkpoint knows beside parameters and moments. No state of random streams is among it: everything random is a
 * function of the seed and an index (initial values by name, data by sequence number).
 *
 * @param version of this format
 * @param stage name of the stage
 * @param step its updates so far
 * @param steps its updates in all
 * @param complete whether the stage is done, its last measurement included
 * @param tokens tokens seen in the stage
 * @param sequences the data's cursor: sequences read in the stage
 * @param data fingerprint of the data
 * @param layout fingerprint of the parameters' names, shapes and order
 * @param logBytes length of {@code log.jsonl}
 * @param elapsedS seconds of work in the stage
 */
public record TrainState(
        int version,
        String stage,
        long step,
        long steps,
        boolean complete,
        long tokens,
        long sequences,
        String data,
        String layout,
        long logBytes,
        double elapsedS) {
    public static final int VERSION = 1;
}
