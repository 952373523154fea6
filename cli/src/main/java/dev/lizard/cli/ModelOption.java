package dev.lizard.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which model a command works with. */
final class ModelOption {
    /** How help texts describe the option. */
    static final String STUDENT_HELP =
            "A student of that model that has no weights of its own: a name below students, or a folder.";

    @Option(names = "--model", paramLabel = "MODEL", required = true, description = ModelPlace.HELP)
    String model;

    @Option(names = "--student", paramLabel = "STUDENT", description = STUDENT_HELP)
    @Nullable
    String student;

    /** Another model, named by one text. */
    static ModelOption of(String place) {
        ModelOption option = new ModelOption();
        option.model = place;
        return option;
    }

    /** What {@link ModelPlace} finds. */
    String place() {
        return ModelPlace.join(model, student);
    }
}
