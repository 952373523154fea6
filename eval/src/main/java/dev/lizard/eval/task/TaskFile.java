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
     * @param count how many, the first in order
     * @param by only those that have this field in common with the item
     * @param separator after each
     */
    record FewShot(
            String data,
            @Setting(min = 1) int count,
            @Nullable String by,
            @Setting(byDefault = "\"\\n\\n\"") String separator) {}

    TaskFile {
        traits.forEach((name, source) -> Phrase.check("traits." + name, source));
        Phrase.check("description", description);
        if (ask instanceof Asking.Text && (description != null || fewShot != null)) {
            throw new BadSetting(
                    description != null ? "description" : "few_shot",
                    "it has no effect where 'ask' is of type text; take it out");
        }
    }
}
