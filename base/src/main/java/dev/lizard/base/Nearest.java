package dev.lizard.base;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Finds the names nearest to a misspelt one, for messages that say what was probably meant. */
public final class Nearest {
    private Nearest() {}

    /** The {@code limit} candidates of smallest edit distance to {@code name}, nearest first. */
    public static List<String> to(String name, Collection<String> candidates, int limit) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return candidates.stream()
                .sorted(Comparator.comparingInt((String c) -> distance(wanted, c.toLowerCase(Locale.ROOT)))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(limit)
                .toList();
    }

    /** {@code did you mean 'x'?} for the nearest candidate, or an empty text where there is none. */
    public static String hint(String name, Collection<String> candidates) {
        List<String> nearest = to(name, candidates, 1);
        return nearest.isEmpty() ? "" : "did you mean '" + nearest.getFirst() + "'?";
    }

    /** As {@link #hint} where the nearest candidate is near enough to have been meant, else {@code otherwise}. */
    public static String hintOr(String name, Collection<String> candidates, String otherwise) {
        List<String> nearest = to(name, candidates, 1);
        if (nearest.isEmpty()) {
            return otherwise;
        }
        String wanted = name.toLowerCase(Locale.ROOT);
        String found = nearest.getFirst().toLowerCase(Locale.ROOT);
        boolean near = distance(wanted, found) <= Math.max(1, Math.min(wanted.length(), found.length()) / 2);
        return near || found.startsWith(wanted) ? hint(name, candidates) : otherwise;
    }

    /** Whether {@code name} is a candidate with a slip of the hand: one or two letters of it are wrong. */
    public static boolean isNear(String name, Collection<String> candidates) {
        return candidates.stream().anyMatch(c -> distance(name, c) <= Math.clamp(c.length() / 3, 1, 2));
    }

    /** Levenshtein distance, two rows at a time. */
    static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substitute = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(substitute, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
