package dev.lizard.eval.task;

import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Nearest;
import dev.lizard.eval.recall.RecallTasks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * All tasks by name. One that is data is a file among the resources, or anybody's own, named by its path; one that is
 * made by code is in the list that {@link #MADE} has a line for: a method that gives tasks, each with its name, what it
 * is about and the groups it belongs to. A group is any name that tasks give; nothing else needs to know it.
 */
public final class Tasks {
    /** A line for each family. */
    private static final List<Supplier<List<Task>>> MADE = List.of(TaskFiles::builtIn, RecallTasks::all);

    private static final int NEAREST = 3;

    private static final Pattern SIZED = Pattern.compile("([^@]+)@([1-9][0-9]{0,6})([kK]?)");

    private final Map<String, Task> byName;

    private Tasks(Map<String, Task> byName) {
        this.byName = byName;
    }

    /** The built-in tasks. */
    public static Tasks builtIn() {
        List<Task> all = new ArrayList<>();
        MADE.forEach(family -> all.addAll(family.get()));
        return of(all);
    }

    static Tasks of(Collection<Task> all) {
        Map<String, Task> byName = new LinkedHashMap<>();
        for (Task task : all) {
            if (byName.put(task.name(), task) != null) {
                throw new IllegalStateException("two tasks are named " + task.name());
            }
        }
        return new Tasks(byName);
    }

    /** In the order in which they are listed. */
    public List<Task> all() {
        return List.copyOf(byName.values());
    }

    /** Names that stand for several tasks. */
    public Set<String> groups() {
        Set<String> groups = new TreeSet<>();
        byName.values().forEach(task -> groups.addAll(task.groups()));
        return groups;
    }

    /**
     * The tasks of some names, groups and files, each once, in that order.
     *
     * @throws LizardException USAGE for a name that is neither, with the nearest
     */
    public List<Task> find(List<String> names) {
        Set<Task> found = new LinkedHashSet<>();
        for (String name : names) {
            List<Task> tasks = named(name);
            if (tasks.isEmpty()) {
                throw unknown(name);
            }
            found.addAll(tasks);
        }
        Set<String> once = new HashSet<>();
        for (Task task : found) {
            if (!once.add(task.name())) {
                throw LizardException.usage(
                        "two tasks of one name in --tasks: expected each once but found '%s' twice; rename the file"
                                .formatted(task.name()));
            }
        }
        return List.copyOf(found);
    }

    private List<Task> named(String name) {
        if (TaskFiles.isFile(name)) {
            return List.of(TaskFiles.read(Path.of(name)));
        }
        if (name.contains("@")) {
            return sized(name);
        }
        Task one = byName.get(name);
        return one != null
                ? List.of(one)
                : byName.values().stream()
                        .filter(task -> task.groups().contains(name))
                        .toList();
    }

    /** Of {@code NAME@SIZE}, where a size is a number that may end in K, times 1,024. */
    private List<Task> sized(String name) {
        Matcher matcher = SIZED.matcher(name);
        if (!matcher.matches()) {
            throw LizardException.at(
                    Kind.USAGE,
                    "bad size",
                    "--tasks",
                    "NAME@SIZE such as passkey@4096",
                    "'" + name + "'",
                    "mend the size");
        }
        int size = Integer.parseInt(matcher.group(2)) * (matcher.group(3).isEmpty() ? 1 : 1024);
        return find(List.of(matcher.group(1))).stream()
                .map(task -> task instanceof SizedTask known ? known.at(size) : unsized(task, name))
                .toList();
    }

    private static Task unsized(Task task, String name) {
        throw LizardException.at(
                Kind.USAGE,
                "bad size",
                "--tasks",
                "a name without @, for %s has one size".formatted(task.name()),
                "'" + name + "'",
                "leave the size out");
    }

    private LizardException unknown(String name) {
        Set<String> known = new TreeSet<>(byName.keySet());
        known.addAll(groups());
        return LizardException.at(
                Kind.USAGE,
                "unknown task",
                "--tasks",
                "a task, a group of them or a .yaml file",
                "'" + name + "'",
                "the nearest names are %s; see `lizard eval --list`"
                        .formatted(String.join(", ", Nearest.to(name, known, NEAREST))));
    }
}
