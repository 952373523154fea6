package dev.lizard.eval.task;

import dev.lizard.base.BadSetting;
import dev.lizard.base.LizardException;
import dev.lizard.text.jinja.Template;
import java.time.Clock;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A template of a task file, rendered with the fields of an item; a field that it asks for must be there. */
final class Phrase {
    private static final Set<String> FUNCTIONS = Set.of("range", "dict", "namespace", "joiner", "cycler");

    private final String key;
    private final Template template;
    private final Set<String> fields;

    /**
     * Parses it.
     *
     * @param key where it stands in the task file
     * @throws BadSetting where it is no template
     */
    Phrase(String key, String source) {
        this.key = key;
        try {
            // The language leaves a line feed at a template's end out; here what is written counts.
            template = Template.parse(source.endsWith("\n") ? source + "\n" : source, Clock.systemUTC());
        } catch (LizardException e) {
            throw new BadSetting(key, reason(e));
        }
        fields = new TreeSet<>(template.names());
        fields.removeAll(FUNCTIONS);
    }

    /** A check of a template at the time its file is read. */
    static void check(String key, @Nullable String source) {
        if (source != null) {
            var _ = new Phrase(key, source);
        }
    }

    /** Names of the fields that it asks for. */
    Set<String> fields() {
        return fields;
    }

    /**
     * The text for an item.
     *
     * @throws LizardException INPUT, naming file, line and field, where one is missing or of no use here
     */
    String render(DataItem item) {
        for (String field : fields) {
            Object _ = item.require(field, key);
        }
        try {
            return template.render(item.fields());
        } catch (LizardException e) {
            throw item.wrong(String.join(" ", fields), "what '" + key + "' can use", reason(e), "correct the item");
        }
    }

    /** As {@link #render}, with more than the item's own fields. */
    String render(DataItem item, Map<String, ?> more) {
        return render(item.with(more));
    }

    /** What the template engine, which speaks of chats, says. */
    private static String reason(LizardException e) {
        return String.valueOf(e.getMessage()).replaceFirst("^chat ", "");
    }
}
