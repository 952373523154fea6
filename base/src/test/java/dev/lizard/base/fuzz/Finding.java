package dev.lizard.base.fuzz;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * An input that a reader did not stand.
 *
 * @param number of the input
 * @param cause what came of it
 */
record Finding(long number, Map<String, byte[]> input, Throwable cause) {
    /** Equal for findings of the same fault: what was thrown, and where in the program. */
    String fault() {
        Throwable root = cause;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        for (StackTraceElement at : root.getStackTrace()) {
            String type = at.getClassName();
            boolean ours = type.startsWith("dev.lizard.") && !type.equals(LizardException.class.getName());
            if (ours && !type.startsWith(Finding.class.getPackageName())) {
                return root.getClass().getSimpleName() + " at " + at;
            }
        }
        return root.toString();
    }

    /** Saves the input below {@code folder} and tells how to repeat it. */
    String save(Path folder, String name, long seed) throws IOException {
        Path saved = folder.resolve("%s-%d-%d".formatted(name, seed, number));
        for (Map.Entry<String, byte[]> file : input.entrySet()) {
            Path path = saved.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
        return "-Dlizard.fuzz.seed=%d -Dlizard.fuzz.only=%d (input in %s): %s, %s"
                .formatted(seed, number, saved, cause, fault());
    }
}
