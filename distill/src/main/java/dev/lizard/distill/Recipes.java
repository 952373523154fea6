package dev.lizard.distill;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.base.Origin;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Finds recipes: built-in ones by name, others by file. */
public final class Recipes {
    private static final List<String> NAMES =
            List.of("lizard", "lizard-exact", "lizard-full", "lizard-literal", "lizard-sum", "lolcats", "window");

    private Recipes() {}

    /** The built-in recipes. */
    public static List<String> names() {
        return NAMES;
    }

    /**
     * The recipe, in today's spelling, to be laid under flags and bound with {@link Recipe#of}.
     *
     * @param nameOrFile a built-in name, or a YAML file
     * @param notes receives a line where the file spells keys as an earlier version did
     * @throws LizardException USAGE where it is neither
     */
    public static ConfigTree find(String nameOrFile, Consumer<String> notes) {
        if (NAMES.contains(nameOrFile)) {
            return ConfigTree.parse(builtIn(nameOrFile), new Origin(Origin.Layer.RECIPE, nameOrFile + ".yaml"));
        }
        Path file = Path.of(nameOrFile);
        if (Files.isRegularFile(file)) {
            return OldSpelling.today(ConfigTree.read(file), notes);
        }
        throw LizardException.at(
                LizardException.Kind.USAGE,
                "unknown recipe",
                "--recipe",
                "a file, or one of " + String.join(", ", NAMES),
                "'" + nameOrFile + "'",
                Nearest.hint(nameOrFile, NAMES));
    }

    private static String builtIn(String name) {
        try (InputStream in = Recipes.class.getResourceAsStream("recipes/" + name + ".yaml")) {
            if (in == null) {
                throw new IllegalStateException("no resource recipes/" + name + ".yaml");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
