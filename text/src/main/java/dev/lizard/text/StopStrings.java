package dev.lizard.text;

import java.util.List;
import java.util.Optional;

/**
 * Watches streamed text for strings that end it, across any borders of the pieces in which it comes. Passes on all text
 * but what may still become a stop string; what comes out does not depend on how the text was cut. The string that is
 * complete first ends the text (the longer of two that end together), and is left out. Not thread-safe; one a stream.
 */
public final class StopStrings {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private Optional<String> matched = Optional.empty();

    /** Watches for {@code stops}, of which none may be empty; with none, all text passes at once. */
    public StopStrings(List<String> stops) {
        if (stops.stream().anyMatch(String::isEmpty)) {
            throw new IllegalArgumentException("an empty stop string would end every text");
        }
        this.stops = List.copyOf(stops);
    }

    /** Takes the next piece of text; the answer is what may be shown now. After a match all text is swallowed. */
    public String append(String text) {
        if (matched.isPresent()) {
            return "";
        }
        int seen = held.length();
        held.append(text);
        for (int end = seen + 1; end <= held.length(); end++) {
            Optional<String> stop = endingAt(end);
            if (stop.isPresent()) {
                matched = stop;
                String shown = held.substring(0, end - stop.get().length());
                held.setLength(0);
                return shown;
            }
        }
        int safe = held.length() - undecided();
        String shown = held.substring(0, safe);
        held.delete(0, safe);
        return shown;
    }

    /** The text still held back, at the end of a stream that met no stop string. */
    public String finish() {
        String rest = held.toString();
        held.setLength(0);
        return rest;
    }

    /** The stop string that was met. */
    public Optional<String> matched() {
        return matched;
    }

    private Optional<String> endingAt(int end) {
        Optional<String> longest = Optional.empty();
        for (String stop : stops) {
            int from = end - stop.length();
            if (from >= 0
                    && (longest.isEmpty() || stop.length() > longest.get().length())
                    && held.substring(from, end).equals(stop)) {
                longest = Optional.of(stop);
            }
        }
        return longest;
    }

    /** Length of the longest end of the text that begins a stop string. */
    private int undecided() {
        int longest = 0;
        for (String stop : stops) {
            for (int n = Math.min(stop.length() - 1, held.length()); n > longest; n--) {
                if (stop.startsWith(held.substring(held.length() - n))) {
                    longest = n;
                }
            }
        }
        return longest;
    }
}
