package dev.lizard.eval.task;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Nearest;
import dev.lizard.base.Origin;
import dev.lizard.base.Resources;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Tasks that are data: the built-in files, and those of users. */
final class TaskFiles {
    /** In the order in which they are listed. */
    private static final List<String> NAMES = List.of(
            "piqa",
            "arc_easy",
            "arc_challenge",
            "hellaswag",
            "hellaswag_as_shipped",
            "winogrande",
            "openbookqa",
            "openbookqa_qa_prompt",
            "commonsense_qa",
            "commonsense_qa_rotated",
            "lambada_openai",
            "mmlu",
            "mmlu_rotated",
            "gsm8k",
            "triviaqa",
            "nq_open",
            "nq_open_oracle",
            "squad",
            "squad_completion",
            "xquad_en",
            "drop",
            "babi_written",
            "wikitext2_2048",
            "wikitext2_8192",
            "wikitext103_2048",
            "wikitext103_8192",
            "books_heldout_2048",
            "books_heldout_8192",
            "babi",
            "babi_choice",
            "kv_uuid_75",
            "longeval_lines_200",
            "longeval_lines_300",
            "longeval_lines_400",
            "longeval_lines_500");

    private static final String LIKE = "like";
    private static final List<String> ENDINGS = List.of(".yaml", ".yml");

    private TaskFiles() {}

    static List<String> names() {
        return NAMES;
    }

    static List<Task> builtIn() {
        return NAMES.stream()
                .map(name -> (Task) new FileTask(name, builtIn(name).bind(TaskFile.class)))
                .toList();
    }

    /** Whether a name is that of a file. */
    static boolean isFile(String name) {
        return ENDINGS.stream().anyMatch(name::endsWith);
    }

    /**
     * A user's own task.
     *
     * @throws LizardException USAGE where the file is missing or malformed, naming the key
     */
    static Task read(Path file) {
        String name = String.valueOf(file.getFileName());
        return new FileTask(
                name.substring(0, name.lastIndexOf('.')),
                complete(ConfigTree.read(file)).bind(TaskFile.class));
    }

    private static ConfigTree builtIn(String name) {
        return complete(ConfigTree.parse(
                Resources.text(TaskFiles.class, "tasks/" + name + ".yaml"),
                new Origin(Origin.Layer.RECIPE, name + ".yaml")));
    }

    /** Laid over the built-in task that it says to be like. */
    private static ConfigTree complete(ConfigTree tree) {
        JsonNode like = tree.get(LIKE);
        if (like == null) {
            return tree;
        }
        if (!NAMES.contains(like.asString(""))) {
            throw LizardException.at(
                    Kind.USAGE,
                    "unknown task",
                    tree.place(LIKE),
                    "the name of a built-in task",
                    "'" + like.asString(like.toString()) + "'",
                    Nearest.hint(like.asString(""), NAMES));
        }
        return tree.without(LIKE).over(builtIn(like.asString("")));
    }
}
