package dev.lizard.eval.recall;

import dev.lizard.eval.result.RecallCell;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * What rules of memory hold before any training: random Gaussian keys, values from a book of unit codes, and the share of
 * keys whose code is the nearest to what is read.
 *
 * <ul>
 *   <li>{@code capacity}: each key is written once and read once;
 *   <li>{@code overwrite_2}, {@code overwrite_4}: each key is written so many times with a new value, in rounds of random
 *       order; the last is asked for.
 * </ul>
 *
 * @param reads that a figure is the mean of, at least: with few pairs keys and values are drawn oftener
 * @param pairs numbers of keys; of these 8, 16 and 32 are overwritten too
 */
public record MemoryProbe(int reads, List<Integer> pairs, long seed, Device device) {
    static final int WIDTH = 64;

    private static final int CODES = 4096;

    private static final List<Integer> OVERWRITTEN = List.of(8, 16, 32);

    private List<MemoryRule> rules() {
        List<MemoryRule> rules = new ArrayList<>(MemoryRules.formulas(seed));
        rules.addAll(MemoryRules.mixers(seed));
        return rules;
    }

    /** How many shares will be found. */
    public int shares() {
        try (Scope work = Scope.open()) {
            return rules().size() * (pairs.size() + 2 * overwritten().size());
        }
    }

    private List<Integer> overwritten() {
        return pairs.stream().filter(OVERWRITTEN::contains).toList();
    }

    /** Measures all rules, telling each share as it is found. */
    public void measure(Consumer<RecallCell> found) {
        try (Scope all = Scope.open()) {
            measure(rules(), found);
        }
    }

    void measure(List<MemoryRule> rules, Consumer<RecallCell> found) {
        try (Scope all = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor codes = AdditiveMemory.unit(normal(RandomStream.named(seed, "probes/codes"), CODES, WIDTH));
            pairs.forEach(n -> measure("capacity", rules, codes, n, 1, found));
            overwritten().forEach(n -> measure("overwrite_2", rules, codes, n, 2, found));
            overwritten().forEach(n -> measure("overwrite_4", rules, codes, n, 4, found));
        }
    }

    /** The same keys and values for each rule. */
    private void measure(
            String task, List<MemoryRule> rules, Tensor codes, int n, int times, Consumer<RecallCell> found) {
        try (Scope work = Scope.open()) {
            RandomStream random = RandomStream.named(seed, "probes/%d/%d".formatted(n, times));
            int draws = (reads + n - 1) / n;
            int writes = times * n;
            long[] order = new long[draws * writes]; // which key is written
            long[] which = new long[draws * writes]; // and which code with it
            long[] last = new long[draws * n]; // a key's last
            for (int at = 0; at < order.length; at++) {
                int[] round = at % n == 0 ? Draws.distinct(0, n, n, random) : new int[0];
                for (int i = 0; i < round.length; i++) {
                    order[at + i] = round[i];
                }
                which[at] = random.nextInt(CODES);
                last[at / writes * n + (int) order[at]] = which[at];
            }
            Tensor keys = normal(random, draws, n, WIDTH);
            Tensor written = keys.gather(
                    1, Tensors.of(order, draws, writes, 1).to(device).expand(draws, writes, WIDTH)); // [B, W, d]
            Tensor values = codes.indexSelect(0, Tensors.of(which, which.length).to(device))
                    .view(draws, writes, WIDTH);
            Tensor right = Tensors.of(last, draws, n).to(device);
            for (MemoryRule rule : rules) {
                try (Scope one = Scope.open()) {
                    Tensor read = rule.read(written, values, keys); // [B, N, d]
                    Tensor nearest = read.matmul(codes.transpose(0, 1)).argmax(-1); // [B, N]
                    double hits = nearest.eq(right).to(DType.FLOAT32).sum().item();
                    int asked = draws * n;
                    found.accept(
                            new RecallCell(rule.name(), task, n, "pairs", null, RecallCell.EXACT, hits / asked, asked));
                }
            }
        }
    }

    private Tensor normal(RandomStream random, long... shape) {
        long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        return Tensors.of(random.normal(Math.toIntExact(count), 1), shape).to(device);
    }
}
