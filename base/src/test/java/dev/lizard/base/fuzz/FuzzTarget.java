package dev.lizard.base.fuzz;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A reader of files, with files that it reads. */
interface FuzzTarget {
    /** Names the fuzzer in messages and files. */
    String name();

    /** Inputs that must be accepted, each as contents by file name. */
    List<Map<String, byte[]>> samples() throws IOException;

    /** Reads the input to the end, as the program would; must be free to run on any one thread. */
    void read(Map<String, byte[]> input) throws IOException;

    /** A broken copy of {@code sample}. */
    default Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        return mutator.files(sample);
    }

    /** What must be as many after an input as before: native tensors, open files. */
    default long alive() {
        return 0;
    }

    /** The kinds of failures that bad input of this sort may have. */
    default Set<LizardException.Kind> kinds() {
        return Set.of(LizardException.Kind.INPUT);
    }
}
