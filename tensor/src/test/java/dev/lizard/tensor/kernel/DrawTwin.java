package dev.lizard.tensor.kernel;

import dev.lizard.tensor.RandomStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The definition of a draw, in float64 and by a full sort: penalties, temperature, top-k, top-p, min-p; what is left is
 * ordered by logits, lower ids first among equals, and the first token counts at which the sum of weights exceeds u
 * times the whole.
 */
public final class DrawTwin {
    /** Kernels sum weights with this error, in parts of the whole. */
    private static final double ROUNDING = 3e-6;

    /** A token that may be drawn, and its weight relative to the likeliest. */
    public record Kept(int id, double weight) {}

    private DrawTwin() {}

    /** The tokens that filters leave, in order. */
    public static List<Kept> kept(float[] logits, int[] history, DrawRow row) {
        float[] x = penalised(logits, history, row);
        List<Integer> order = IntStream.range(0, x.length)
                .boxed()
                .sorted(Comparator.comparing((Integer i) -> -x[i]).thenComparing(i -> i))
                .toList();
        if (row.temperature() == 0) {
            return List.of(new Kept(order.getFirst(), 1));
        }
        List<Kept> kept = new ArrayList<>();
        for (int id : order) {
            double below = ((double) x[id] - x[order.getFirst()]) / row.temperature();
            if (below >= -30.49) {
                kept.add(new Kept(id, Math.exp(below)));
            }
        }
        if (row.topK() > 0 && row.topK() < kept.size()) {
            kept = kept.subList(0, row.topK());
        }
        double wanted = row.topP() * total(kept);
        double held = 0;
        int nucleus = 0;
        while (nucleus < kept.size() && held < wanted * (1 - 1e-7)) {
            held += kept.get(nucleus++).weight();
        }
        return kept.subList(0, row.topP() < 1 ? nucleus : kept.size()).stream()
                .filter(token -> token.weight() >= row.minP())
                .toList();
    }

    private static float[] penalised(float[] logits, int[] history, DrawRow row) {
        float[] x = logits.clone();
        for (int id = 0; id < x.length; id++) {
            if (history[id] > 0) {
                double y = x[id] > 0 ? x[id] / row.repetition() : x[id] * row.repetition();
                int drawn = history[id] / 2;
                x[id] = (float) (drawn > 0 ? y - row.presence() - row.frequency() * drawn : y);
            }
        }
        return x;
    }

    private static double total(List<Kept> kept) {
        return kept.stream().mapToDouble(Kept::weight).sum();
    }

    /** The number in [0, 1) that a row's next draw takes. */
    public static double uniform(DrawRow row) {
        return RandomStream.resume(row.random()).nextDouble();
    }

    /** Whether {@code id} is the token at {@code u}, or beside it within rounding. */
    public static boolean right(List<Kept> kept, double u, long id) {
        double total = total(kept);
        double before = 0;
        for (Kept token : kept) {
            if (token.id() == id) {
                return u >= before / total - ROUNDING && u <= (before + token.weight()) / total + ROUNDING;
            }
            before += token.weight();
        }
        return false;
    }
}
