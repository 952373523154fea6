package dev.lizard.eval.task;

import java.util.List;
import java.util.Optional;

/** Items that are judged alike, under one name: what {@code lizard eval --tasks} lists. */
public interface Task {
    /** Begins the names of values that say how often a choice that all items share was picked. */
    String PICKED = "picked ";

    /** Begins the names of values that say how often such a choice was right. */
    String RIGHT = "right ";

    /** As it stands in results, such as {@code arc_easy}. */
    String name();

    /** What it asks, a short line for {@code lizard eval --list}. */
    String about();

    /** Names that stand for it together with others, such as {@code zero-shot}. */
    List<String> groups();

    /**
     * Reads or draws the items, in an order that is the same each time.
     *
     * @throws dev.lizard.base.LizardException INPUT for a file that is missing or malformed, naming file, line and field
     */
    List<Item> items(TaskSource source);

    /** What its items' values are summed up to. */
    List<Measure> measures();

    /** The trait over whose values a mean is told too, in which each counts alike, such as {@code subject}. */
    default Optional<String> parts() {
        return Optional.empty();
    }

    /**
     * What else the judgement depends on, beside name and requests: a checksum of files, so that an interrupted run is
     * not continued with other ones.
     */
    default String basis(TaskSource source) {
        return "";
    }
}
