package dev.lizard.eval.task;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A task as data: what its YAML file says. Texts with a key of their own are templates over the fields of an item.
 *
 * @param about what it asks, a short line
 * @param groups names that stand for it together with others
 * @param data the file that holds its items, looked for below the folder that the user names
 * @param clean what is done to the items' texts first
 * @param traits what its score is also told by, such as {@code subject: "{{ subject }}"}
 * @param description what stands before everything else
 * @param fewShot examples between that and the question
 * @param ask what is asked
 */
record TaskFile(
        String about,
        @Setting(byDefault = "[]") List<String> groups,
        String data,
        @Setting(byDefault = "none") Cleaning clean,
        @Setting(byDefault = "{}") Map<String, String> traits,
        @Nullable String description,
        @Nullable FewShot fewShot,
        Asking ask) {

    /** What is done to texts before they are used. */
    enum Cleaning {
        NONE,
        /** As lm-evaluation-harness does for HellaSwag: what stands in brackets goes. */
        BRACKETS;

        String clean(String text) {
            return this == NONE
                    ? text
                    : text.strip()
                            .replace(" [title]", ". ")
                            .replaceAll("\\[.*?]", "")
                            .replace("  ", " ");
        }
    }

    /**
     * Examples.
     *
     * @param data the file they come from
     * @param count how many
     * @param seed draws them anew for each item, the very ones that lm-evaluation-harness draws with this seed (1234
     *     there, if nothing is said); without it they are the first in order
     * @param by only those that have this field in common with the item
     * @param separator after each
     */
    record FewShot(
            String data,
            @Setting(min = 1) int count,
            @Setting(min = 0) @Nullable Long seed,
            @Nullable String by,
            @Setting(byDefault = "\"\\n\\n\"") String separator) {
        public FewShot {
            if (seed != null && by != null) {
                throw new BadSetting("by", "it has no effect beside 'seed'; take one of them out");
            }
        }
    }

    TaskFile {
        traits.forEach((name, source) -> Phrase.check("traits." + name, source));
        Phrase.check("description", description);
        if (ask instanceof Asking.Text && (description != null || fewShot != null)) {
            throw new BadSetting(
                    description != null ? "description" : "few_shot",
                    "it has no effect where 'ask' is of type text; take it out");
        }
        if (fewShot != null && fewShot.data().equals(data) && fewShot.seed() == null) {
            throw new BadSetting(
                    "few_shot.data",
                    "expected another file than the items', whose answers the prompts would tell, but found the same;"
                            + " name another, or give a seed: an item is never drawn for itself");
        }
    }
}
