package dev.lizard.distill;

import dev.lizard.base.BuiltIns;
import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import java.util.List;
import java.util.function.Consumer;

/** Finds recipes: built-in ones by name, others by file. */
public final class Recipes {
    private static final BuiltIns BUILT_IN = new BuiltIns(
            Recipes.class,
            "recipes/",
            List.of(
                    "lizard",
                    "lizard-exact",
                    "lizard-full",
                    "lizard-literal",
                    "lizard-sum",
                    "lolcats",
                    "window",
                    "based",
                    "gated-delta",
                    "gla",
                    "hedgehog",
                    "kernel",
                    "liger",
                    "mamba",
                    "mamba2",
                    "mohawk",
                    "supra"),
            "recipe",
            "--recipe");

    private Recipes() {}

    /** The built-in recipes. */
    public static List<String> names() {
        return BUILT_IN.names();
    }

    /**
     * The recipe, in today's spelling, to be laid under flags and bound with {@link Recipe#of}.
     *
     * @param nameOrFile a built-in name, or a YAML file
     * @param notes receives a line where the file spells keys as an earlier version did
     * @throws LizardException USAGE where it is neither
     */
    public static ConfigTree find(String nameOrFile, Consumer<String> notes) {
        ConfigTree recipe = BUILT_IN.find(nameOrFile);
        return BUILT_IN.names().contains(nameOrFile) ? recipe : OldSpelling.today(recipe, notes);
    }
}
