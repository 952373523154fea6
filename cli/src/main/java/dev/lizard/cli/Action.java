package dev.lizard.cli;

import java.util.List;

/** What a command does, after its options were parsed into its fields. */
interface Action {
    /**
     * Does the work.
     *
     * @return the exit code; 0 when done
     * @throws Exception any failure; {@link Failure} turns it into one line and an exit code
     */
    int run(Context context) throws Exception;

    /** The keys read from the configuration beyond the options: those of the command's configuration record. */
    default List<String> configKeys() {
        return List.of();
    }

    /** Whether the command computes in float32 whatever it is given, so that another {@code --dtype} is refused. */
    default boolean onlyFloat32() {
        return false;
    }
}
