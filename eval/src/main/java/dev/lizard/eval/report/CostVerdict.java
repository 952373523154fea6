package dev.lizard.eval.report;

import dev.lizard.eval.metric.Crossing;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.ResultSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What running, and making, a student costs beside its teacher. */
record CostVerdict(ResultSet results, Pairing pair) {
    void tell(List<String> cost, List<String> open, List<Verdict.Brief> brief) {
        for (ModelResult model : results.models()) {
            Long tokens = model.tokens();
            if (model.name().equals(pair.student()) && tokens != null && tokens > 0) {
                cost.add("It was trained on %s tokens to replace the teacher's attention."
                        .formatted(Units.COUNT.show(tokens)));
            }
        }
        String device = results.efficiency().stream()
                .filter(row -> row.model().equals(pair.student()))
                .map(CostVerdict::device)
                .findFirst()
                .orElse("");
        NavigableMap<Long, Efficiency> before = byContext(pair.teacher(), device);
        NavigableMap<Long, Efficiency> after = byContext(pair.student(), device);
        before.keySet().retainAll(after.keySet());
        after.keySet().retainAll(before.keySet());
        if (after.isEmpty()) {
            open.add("Memory and speed were not measured on both.");
            return;
        }
        double bytes = after.lastEntry().getValue().stateBytes();
        double cache = before.lastEntry().getValue().stateBytes();
        String context = Units.LENGTH.show((double) after.lastKey()) + " tokens";
        if (bytes > 0) {
            cost.add("After %s it keeps %s, the teacher %s: %s\u00d7."
                    .formatted(context, Units.BYTES.show(bytes), Units.BYTES.show(cache), times(cache / bytes)));
            brief.add(new Verdict.Brief(times(cache / bytes) + "\u00d7", "less state after " + context));
        }
        speed(cost, "Writing", context, after, before, true);
        speed(cost, "Reading", context, after, before, false);
        Crossing.of(results.efficiency()).stream()
                .filter(crossing -> crossing.model().equals(pair.student())
                        && crossing.growing().equals(pair.teacher())
                        && !crossing.what().equals("state"))
                .forEach(crossing -> cost.add(crossing.told() + "."));
    }

    private static void speed(
            List<String> cost,
            String what,
            String context,
            NavigableMap<Long, Efficiency> after,
            NavigableMap<Long, Efficiency> before,
            boolean writing) {
        Double first = ratio(after.firstEntry().getValue(), before.firstEntry().getValue(), writing);
        Double last = ratio(after.lastEntry().getValue(), before.lastEntry().getValue(), writing);
        if (first != null && last != null) {
            cost.add("%s: %s\u00d7 the teacher's speed at %s, %s\u00d7 at %s."
                    .formatted(what, times(first), Units.LENGTH.show(after.firstKey()), times(last), context));
        }
    }

    private static @Nullable Double ratio(Efficiency after, Efficiency before, boolean writing) {
        Double fast = writing ? after.decodeTokensPerSecond() : after.prefillTokensPerSecond();
        Double slow = writing ? before.decodeTokensPerSecond() : before.prefillTokensPerSecond();
        return fast == null || slow == null || slow <= 0 ? null : (Double) (fast / slow);
    }

    private static String times(double ratio) {
        return (ratio < 10 ? Units.PLAIN : Units.GENERAL).show(ratio);
    }

    private static String device(Efficiency row) {
        String device = row.device();
        return device == null ? "" : device;
    }

    private NavigableMap<Long, Efficiency> byContext(String model, String device) {
        NavigableMap<Long, Efficiency> rows = new TreeMap<>();
        for (Efficiency row : results.efficiency()) {
            if (row.model().equals(model) && device(row).equals(device)) {
                rows.put(row.context(), row);
            }
        }
        return rows;
    }
}
