package dev.lizard.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.lizard.base.Quantiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What {@code bench turns} found.
 *
 * @param kind {@code turns}
 * @param threads CPU threads of an operation
 * @param runs conversations of which these are the medians
 * @param turnTokens that each turn adds
 * @param newTokens of them that are written
 * @param stateBytes of the session in the end
 * @param kept the turns of a server that keeps states
 * @param again those of one that reads everything again; null where that was not measured
 */
record TurnsSpeed(
        @JsonProperty("case") String kind,
        String model,
        String device,
        int threads,
        int runs,
        int turnTokens,
        int newTokens,
        long stateBytes,
        List<Turn> kept,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable List<Turn> again) {
    private static final int FIFTH = 5;

    /** Fewer turns say nothing of a drift. */
    private static final int FEWEST = 50;

    /**
     * One turn.
     *
     * @param tokens of the session behind it
     * @param read tokens that were read for it
     * @param firstTokenS seconds to the first token
     * @param msPerToken of those written after it
     * @param cpuS seconds of processor time of the whole turn, client included
     * @param residentMib memory of the process behind it; null where the system does not tell
     */
    record Turn(
            long tokens,
            long read,
            double firstTokenS,
            double msPerToken,
            double cpuS,
            @Nullable Double residentMib) {}

    String text() {
        StringBuilder text = new StringBuilder(
                String.format(Locale.ROOT, "%s: %d turns, state of %,d bytes", model, kept.size(), stateBytes));
        int step = Math.max(1, kept.size() / 10);
        for (int i = 0; i < kept.size(); i++) {
            if ((i + 1) % step == 0 || i == 1) {
                text.append(line(i));
            }
        }
        if (kept.size() > 2) {
            text.append(String.format(
                    Locale.ROOT,
                    "%nto the first token, last turn against turn 2: x %.2f",
                    kept.getLast().firstTokenS / kept.get(1).firstTokenS));
            if (again != null) {
                text.append(String.format(
                        Locale.ROOT, "; read again x %.2f", again.getLast().firstTokenS / again.get(1).firstTokenS));
            }
        }
        if (kept.size() >= FEWEST) {
            text.append(String.format(
                    Locale.ROOT,
                    "%nlast fifth of the turns against the second: first token x %.3f, time a token written x %.3f,"
                            + " processor time x %.3f, memory x %.3f",
                    ratio(Turn::firstTokenS),
                    ratio(Turn::msPerToken),
                    ratio(Turn::cpuS),
                    ratio(TurnsSpeed::resident)));
        }
        return text.toString();
    }

    /** Turn by turn, of conversations of as many. */
    static List<Turn> medians(List<List<Turn>> runs) {
        List<Turn> all = new ArrayList<>();
        for (int i = 0; i < runs.getFirst().size(); i++) {
            int turn = i;
            List<Turn> same = runs.stream().map(run -> run.get(turn)).toList();
            double resident = median(same, TurnsSpeed::resident);
            all.add(new Turn(
                    same.getFirst().tokens,
                    same.getFirst().read,
                    median(same, Turn::firstTokenS),
                    median(same, Turn::msPerToken),
                    median(same, Turn::cpuS),
                    Double.isNaN(resident) ? null : resident));
        }
        return all;
    }

    private static double median(List<Turn> turns, ToDoubleFunction<Turn> value) {
        return Quantiles.of(turns.stream().mapToDouble(value).toArray()).median();
    }

    private static double resident(Turn turn) {
        return turn.residentMib == null ? Double.NaN : turn.residentMib;
    }

    private double ratio(ToDoubleFunction<Turn> value) {
        return median(FIFTH - 1, value) / median(1, value);
    }

    private double median(int fifth, ToDoubleFunction<Turn> value) {
        int size = kept.size();
        return median(kept.subList(size * fifth / FIFTH, size * (fifth + 1) / FIFTH), value);
    }

    private String line(int index) {
        Turn turn = kept.get(index);
        String line = String.format(
                Locale.ROOT,
                "%nturn %3d, %,9d tokens: read %,d, %.3f s to the first, %.2f ms a token",
                index + 1,
                turn.tokens,
                turn.read,
                turn.firstTokenS,
                turn.msPerToken);
        if (turn.residentMib != null) {
            line += String.format(Locale.ROOT, ", %,.0f MiB", turn.residentMib);
        }
        return again == null
                ? line
                : line
                        + String.format(
                                Locale.ROOT,
                                "; without states: read %,d, %.3f s",
                                again.get(index).read,
                                again.get(index).firstTokenS);
    }
}
