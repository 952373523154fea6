package dev.lizard.text;

import dev.lizard.base.OneLine;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeSet;

/** What a folder of data has beside the data, and why it is not read. */
final class LeftOut {
    private static final int NAMED = 5;

    /** Why a file is not data; the text follows its name in messages. */
    enum Reason {
        NAME("by name"),
        HIDDEN("hidden"),
        FORMAT("format"),
        NO_RECORDS("JSON without records"),
        EMPTY("empty"),
        LOOP("link in a loop"),
        BROKEN("broken link"),
        NO_FILE("no regular file"),
        AGAIN("read already");

        private final String text;

        Reason(String text) {
            this.text = text;
        }
    }

    private final Map<Reason, TreeSet<String>> names = new EnumMap<>(Reason.class);

    void add(Reason reason, Object name) {
        names.computeIfAbsent(reason, any -> new TreeSet<>()).add(name.toString());
    }

    boolean isEmpty() {
        return names.isEmpty();
    }

    /** {@code README.md (by name); a.csv, b.csv and 7 more (format)}. */
    @Override
    public String toString() {
        StringJoiner all = new StringJoiner("; ");
        names.forEach((reason, found) -> {
            List<String> first = found.stream().limit(NAMED).toList();
            int more = found.size() - first.size();
            all.add(String.join(", ", first) + (more > 0 ? " and " + more + " more" : "") + " (" + reason.text + ")");
        });
        return OneLine.of(all.toString());
    }
}
