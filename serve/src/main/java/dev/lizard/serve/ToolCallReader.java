package dev.lizard.serve;

import dev.lizard.base.Json;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Tells calls of functions from the words around them, as a text comes. Calls stand between the tags of Hermes, or
 * from a mark of Mistral's or Llama's on to the end, or they are all of the text; then they name functions that there
 * are.
 */
final class ToolCallReader {
    private static final List<String> MARKS = List.of(ToolForm.TAG, ToolForm.MISTRAL, ToolForm.PYTHON);

    private static final Pattern REST_MARKS =
            Pattern.compile(Pattern.quote(ToolForm.MISTRAL) + "|" + Pattern.quote(ToolForm.PYTHON));

    private final Set<String> functions;
    private final List<ToolCall> calls = new ArrayList<>();
    private final StringBuilder held = new StringBuilder();
    private boolean begun; // some of the text was let out
    private boolean toTheEnd; // what is held is looked at when all of it is there

    ToolCallReader(Set<String> functions) {
        this.functions = functions;
    }

    /** The calls so far. */
    List<ToolCall> calls() {
        return calls;
    }

    /** Takes in more of the text; gives what of it are words and not yet told. */
    String append(String piece) {
        held.append(piece);
        StringBuilder out = new StringBuilder();
        while (!toTheEnd && next(out)) {
            // as long as something is found
        }
        return out.toString();
    }

    private boolean next(StringBuilder out) {
        if (!begun) {
            String text = held.toString().stripLeading();
            if (text.isEmpty()) {
                return false;
            }
            if (text.startsWith("{") || text.startsWith("[{")) {
                toTheEnd = true;
                return false;
            }
            if (text.equals("[")) {
                return false;
            }
        }
        int at = -1;
        String mark = "";
        for (String one : MARKS) {
            int found = held.indexOf(one);
            if (found >= 0 && (at < 0 || found < at)) {
                at = found;
                mark = one;
            }
        }
        if (at < 0) {
            let(held.length() - beginning(), false, out);
            return false;
        }
        let(at, true, out);
        if (!mark.equals(ToolForm.TAG)) {
            toTheEnd = true;
            return false;
        }
        int end = held.indexOf(ToolForm.END_TAG);
        if (end < 0) {
            return false;
        }
        ToolCall call = ToolCall.of(parsed(held.substring(mark.length(), end)));
        int behind = end + ToolForm.END_TAG.length();
        if (call == null) {
            let(behind, false, out);
        } else {
            calls.add(call);
            held.delete(0, behind);
        }
        return true;
    }

    /** Lets so many characters out; space alone around calls is of no use. */
    private void let(int count, boolean beforeCall, StringBuilder out) {
        String text = held.substring(0, count);
        boolean idle = text.isBlank() && (!begun || !calls.isEmpty());
        if (idle && !beforeCall && calls.isEmpty()) {
            return; // words may follow
        }
        held.delete(0, count);
        if (!idle) {
            begun = true;
            out.append(text);
        }
    }

    /** Characters at the end that may be the beginning of a mark. */
    private int beginning() {
        int longest = 0;
        for (String mark : MARKS) {
            for (int length = Math.min(mark.length() - 1, held.length()); length > longest; length--) {
                if (mark.startsWith(held.substring(held.length() - length))) {
                    longest = length;
                }
            }
        }
        return longest;
    }

    /** What is left when the text is over, as words if it is no call. */
    String finish() {
        String text = held.toString();
        held.setLength(0);
        if (toTheEnd) {
            List<ToolCall> more = rest(text.strip());
            if (!more.isEmpty()) {
                calls.addAll(more);
                return "";
            }
        }
        return !calls.isEmpty() && text.isBlank() ? "" : text;
    }

    private List<ToolCall> rest(String text) {
        boolean marked = text.startsWith(ToolForm.MISTRAL) || text.startsWith(ToolForm.PYTHON);
        List<ToolCall> all = new ArrayList<>();
        for (String part : REST_MARKS.split(text, -1)) {
            if (!part.isBlank() && !part(part.strip(), all)) {
                return List.of();
            }
        }
        boolean known = all.stream().allMatch(call -> functions.contains(call.name()));
        return marked || known ? all : List.of();
    }

    /** Objects, a list of such, or Mistral's {@code name[ARGS]{...}}; false where it is something else. */
    private static boolean part(String part, List<ToolCall> all) {
        int brace = part.indexOf('{');
        String name = brace < 0
                ? ""
                : part.substring(0, brace)
                        .replace(ToolForm.MISTRAL_ARGUMENTS, "")
                        .strip();
        if (name.matches("[a-zA-Z0-9_.-]+")) {
            JsonNode arguments = parsed(part.substring(brace));
            return arguments != null && arguments.isObject() && all.add(new ToolCall(name, Json.line(arguments)));
        }
        for (String text : values(part)) {
            JsonNode value = parsed(text);
            for (JsonNode node :
                    value == null || value.isObject() ? Collections.singletonList(value) : value.values()) {
                ToolCall call = ToolCall.of(node);
                if (call == null) {
                    return false;
                }
                all.add(call);
            }
        }
        return !all.isEmpty();
    }

    /** The values of JSON that stand one after the other, with semicolons between them perhaps. */
    private static List<String> values(String text) {
        List<String> values = new ArrayList<>();
        boolean quoted = false;
        int depth = 0;
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted && c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == '{' || c == '[')) {
                depth++;
            } else if (!quoted && (c == '}' || c == ']') && --depth == 0) {
                values.add(text.substring(from, i + 1));
                from = i + 1;
            } else if (c == ';' && depth == 0) {
                from = i + 1;
            }
        }
        if (!text.substring(from).isBlank()) {
            values.add(text.substring(from));
        }
        return values;
    }

    /** JSON; null where it is none. */
    static @Nullable JsonNode parsed(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (JacksonException e) {
            return null;
        }
    }
}
