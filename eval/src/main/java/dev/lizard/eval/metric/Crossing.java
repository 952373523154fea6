package dev.lizard.eval.metric;

import dev.lizard.eval.result.Efficiency;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The context from which on a model costs less than one whose state grows faster.
 *
 * @param what {@code reading}, {@code writing}, {@code state} or {@code memory}
 * @param growing the model that costs more beyond
 * @param model the one that costs less
 * @param device where both were measured, or null
 * @param context tokens, between two measured contexts along the line through both in logarithms; the shortest one where
 *     it costs less from there on; null where it does not cost less at the longest one that both have
 * @param first the shortest context that both have
 * @param last the longest
 */
public record Crossing(
        String what,
        String growing,
        String model,
        @Nullable String device,
        @Nullable Double context,
        long first,
        long last) {
    /** A cost of a context; absent where it was not measured. */
    private record Cost(String what, Function<Efficiency, @Nullable Double> of) {}

    private static final List<Cost> COSTS = List.of(
            new Cost("reading", row -> inverse(row.prefillTokensPerSecond())),
            new Cost("writing", row -> inverse(row.decodeTokensPerSecond())),
            new Cost("state", row -> (double) row.stateBytes()),
            new Cost("memory", row -> {
                Long peak = row.peakBytes();
                return peak == null ? null : (Double) peak.doubleValue();
            }));

    private static @Nullable Double inverse(@Nullable Double speed) {
        return speed == null || speed <= 0 ? null : (Double) (1 / speed);
    }

    private record Measured(String model, @Nullable String device) {}

    /** Of each model with each whose state grows faster on the same device. */
    public static List<Crossing> of(List<Efficiency> rows) {
        Map<Measured, NavigableMap<Long, Efficiency>> curves = new LinkedHashMap<>();
        for (Efficiency row : rows) {
            curves.computeIfAbsent(new Measured(row.model(), row.device()), key -> new TreeMap<>())
                    .put(row.context(), row);
        }
        List<Crossing> crossings = new ArrayList<>();
        curves.forEach((more, growing) -> curves.forEach((less, other) -> {
            if (Objects.equals(more.device, less.device) && growth(growing) > growth(other)) {
                for (Cost cost : COSTS) {
                    Crossing found = of(cost, more, growing, less, other);
                    if (found != null) {
                        crossings.add(found);
                    }
                }
            }
        }));
        return crossings;
    }

    private static long growth(NavigableMap<Long, Efficiency> curve) {
        return curve.lastEntry().getValue().stateBytes()
                - curve.firstEntry().getValue().stateBytes();
    }

    private static @Nullable Crossing of(
            Cost cost,
            Measured more,
            NavigableMap<Long, Efficiency> growing,
            Measured less,
            NavigableMap<Long, Efficiency> other) {
        NavigableMap<Long, Double> ratios = new TreeMap<>(); // log of how much less it costs
        growing.forEach((context, row) -> {
            Efficiency same = other.get(context);
            Double high = cost.of.apply(row);
            Double low = same == null ? null : cost.of.apply(same);
            if (high != null && low != null) {
                ratios.put(context, Math.log(high / low));
            }
        });
        return ratios.isEmpty()
                ? null
                : new Crossing(
                        cost.what,
                        more.model,
                        less.model,
                        more.device,
                        crossing(ratios),
                        ratios.firstKey(),
                        ratios.lastKey());
    }

    /** Where the last run of contexts with a ratio above 0 begins. */
    private static @Nullable Double crossing(NavigableMap<Long, Double> ratios) {
        Double found = null;
        Map.Entry<Long, Double> longer = null;
        for (Map.Entry<Long, Double> at : ratios.descendingMap().entrySet()) {
            if (at.getValue() <= 0) {
                return longer == null ? null : (Double) between(at, longer);
            }
            found = at.getKey().doubleValue();
            longer = at;
        }
        return found;
    }

    private static double between(Map.Entry<Long, Double> below, Map.Entry<Long, Double> above) {
        double share = -below.getValue() / (above.getValue() - below.getValue());
        return below.getKey() * Math.pow((double) above.getKey() / below.getKey(), share);
    }

    /** {@code lizard writes faster than teacher from about 3,100 tokens on}. */
    public String told() {
        String does = switch (what) {
            case "reading" -> "reads faster than ";
            case "writing" -> "writes faster than ";
            case "state" -> "keeps less than ";
            default -> "takes less memory than ";
        };
        String where = device == null ? "" : " (" + device + ")";
        if (context == null) {
            return "%s %s%s at no length up to %,d tokens%s".formatted(model, does, growing, last, where);
        }
        return context.longValue() == first
                ? "%s %s%s from the shortest length on, %,d tokens%s".formatted(model, does, growing, first, where)
                : "%s %s%s from about %,.0f tokens on%s".formatted(model, does, growing, context, where);
    }
}
