package dev.lizard.serve.schedule;

import java.nio.file.Path;
import java.util.Map;

/** A state that goes to a file or comes from one; of a {@link Work} that writes nothing. */
public sealed interface Transfer {
    /** The state after the prompt is told, to be written with these texts beside it. */
    record Store(Map<String, String> notes) implements Transfer {
        public Store {
            notes = Map.copyOf(notes);
        }
    }

    /** The state after the prompt is read from this file. */
    record Load(Path file) implements Transfer {}
}
