package dev.lizard.base;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Settings that come with the program under names, beside which users put files of their own.
 *
 * @param owner beside which they lie
 * @param folder there, empty or ending with a slash; a file {@code NAME.yaml} each
 * @param what one of them is, such as {@code recipe}
 * @param flag that asks for one
 */
public record BuiltIns(Class<?> owner, String folder, List<String> names, String what, String flag) {
    /** One of the names. */
    public ConfigTree get(String name) {
        String file = name + ".yaml";
        return ConfigTree.parse(Resources.text(owner, folder + file), new Origin(Origin.Layer.RECIPE, file));
    }

    /**
     * One of the names, or a YAML file.
     *
     * @throws LizardException USAGE where it is neither
     */
    public ConfigTree find(String nameOrFile) {
        if (names.contains(nameOrFile)) {
            return get(nameOrFile);
        }
        Path file = Path.of(nameOrFile);
        if (Files.isRegularFile(file)) {
            return ConfigTree.read(file);
        }
        throw LizardException.at(
                LizardException.Kind.USAGE,
                "unknown " + what,
                flag,
                "a file, or one of " + String.join(", ", names),
                "'" + nameOrFile + "'",
                Nearest.hint(nameOrFile, names));
    }
}
