package dev.lizard.eval.task;

import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What stands before a question: the description and the examples, made once for items that share them. */
final class Shots {
    private final @Nullable Phrase description;
    private final TaskFile.@Nullable FewShot few;
    private final List<DataItem> examples;
    private final @Nullable Path file;
    private final Function<DataItem, String> written;
    private final Map<String, String> made = new HashMap<>();
    private final @Nullable MersenneTwister random;
    private final int spare;

    /** @param written a question with its answer */
    Shots(TaskFile task, TaskSource source, Function<DataItem, String> written) {
        description = task.description() == null ? null : new Phrase("description", task.description());
        few = task.fewShot();
        file = few == null ? null : DataFile.find(source, few.data());
        examples = file == null
                ? List.of()
                : DataFile.items(file).stream()
                        .map(item -> item.mapped(task.clean()::clean))
                        .toList();
        this.written = written;
        random = few == null || few.seed() == null ? null : new MersenneTwister(few.seed());
        spare = few != null && few.data().equals(task.data()) ? 1 : 0;
    }

    /** The text before the question of an item. Draws go from item to item, so each is asked for once, in order. */
    String before(DataItem item) {
        return (description == null ? "" : description.render(item)) + examples(item);
    }

    private String examples(DataItem item) {
        if (few == null) {
            return "";
        }
        if (random != null) {
            requireCount(examples.size(), few.count() + spare, "");
            return text(
                    random.sample(examples.size(), few.count() + spare).stream()
                            .map(examples::get)
                            .filter(example -> !example.equals(item))
                            .limit(few.count())
                            .toList(),
                    few);
        }
        String group = few.by() == null ? "" : String.valueOf(item.require(few.by(), "few_shot.by"));
        return made.computeIfAbsent(group, name -> {
            List<DataItem> chosen = new ArrayList<>();
            for (DataItem example : examples) {
                boolean fits =
                        few.by() == null || name.equals(String.valueOf(example.require(few.by(), "few_shot.by")));
                if (fits && chosen.size() < few.count()) {
                    chosen.add(example);
                }
            }
            requireCount(chosen.size(), few.count(), few.by() == null ? "" : " with %s '%s'".formatted(few.by(), name));
            return text(chosen, few);
        });
    }

    private void requireCount(int found, int expected, String which) {
        if (found < expected) {
            throw LizardException.at(
                    Kind.INPUT,
                    "too few examples",
                    String.valueOf(file),
                    expected + which,
                    found,
                    "lower few_shot.count of the task, or add some");
        }
    }

    private String text(List<DataItem> chosen, TaskFile.FewShot how) {
        StringBuilder text = new StringBuilder();
        chosen.forEach(example -> text.append(written.apply(example)).append(how.separator()));
        return text.toString();
    }
}
