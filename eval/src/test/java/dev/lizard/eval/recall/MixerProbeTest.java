package dev.lizard.eval.recall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.Json;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.node.ObjectNode;

/**
 * What each kind of mixer holds before training, with its window shut and its gates where a rule of memory is known: as
 * others measured that rule, with 20 draws, or, where nobody did, as its formula says.
 */
@ExtendWith(LiveTensors.class)
class MixerProbeTest {
    private static final double TOLERANCE = 0.05;

    private static final List<Integer> PAIRS = List.of(8, 32, 64, 128);

    /** A logit whose sigmoid is 1. */
    private static final double OPEN = 40;

    /** Others' shares: capacities of 8, 32, 64 and 128 pairs, then of 8 keys that are written twice and four times. */
    private static final Map<String, double[]> TABLE = Map.of(
            "softmax", new double[] {1, 1, 1, 1},
            "unit keys", new double[] {1, 1, 1, 0.94, 0.5, 0.22},
            "1 + elu", new double[] {0.45, 0.06, 0.01, 0},
            "softmax pair", new double[] {0.94, 0.34, 0.14, 0.04},
            "delta rule", new double[] {1, 1, 0.86, 0.46, 1, 0.995});

    private static final List<String> TASKS =
            List.of("capacity 8", "capacity 32", "capacity 64", "capacity 128", "overwrite_2 8", "overwrite_4 8");

    /**
     * A mixer under test.
     *
     * @param keys of its spec beside the kind, as JSON
     * @param filled parameters that have one number everywhere
     * @param row of the table, or the name of {@code formula}
     * @param formula of the memory that it should be, made of the parameters; null for the table's
     */
    private record Case(
            String mixer,
            String keys,
            Map<String, Double> filled,
            String row,
            @Nullable Function<Map<String, Tensor>, MemoryRule> formula) {
        static Case row(String mixer, String keys, Map<String, Double> filled, String row) {
            return new Case(mixer, keys, filled, row, null);
        }

        static Case formula(
                String mixer,
                String keys,
                Map<String, Double> filled,
                Function<Map<String, Tensor>, MemoryRule> formula) {
            return new Case(mixer, keys, filled, "formula", formula);
        }

        MixerMemory memory() {
            ObjectNode spec = (ObjectNode) Json.MAPPER.readTree("{" + keys.replace('\'', '"') + "}");
            spec.put("mixer", mixer);
            MixerMemory memory = MixerMemory.initial(mixer, MixerSpecs.read(spec, MixerMemory.DIMS, mixer), 1);
            filled.forEach((name, value) -> memory.parameters()
                    .compute(
                            name,
                            (key, tensor) -> Tensors.full(
                                    value,
                                    DType.FLOAT32,
                                    Device.CPU,
                                    Objects.requireNonNull(tensor).shape())));
            return memory;
        }
    }

    /** Mixers that see neither queries nor keys. */
    private static final List<String> NO_KEYS = List.of("mamba");

    private static final String FAR = "'window': 1, 'branches': 'linear'";

    private static final List<Case> CASES = List.of(
            Case.row("softmax", "", Map.of(), "softmax"),
            Case.row("window", "'window': 512", Map.of(), "softmax"),
            Case.row("kv-cache", "'slots': 384", Map.of(), "softmax"),
            Case.row("linear", "", Map.of(), "1 + elu"),
            Case.row("hedgehog", "", Map.of(), "softmax pair"),
            Case.row("lolcats", FAR, Map.of(), "softmax pair"),
            Case.row("lizard", FAR, Map.of("gate_bias", OPEN), "softmax pair"),
            Case.row("lizard-sum", FAR, Map.of("gate_bias", OPEN), "softmax pair"),
            Case.formula(
                    "lizard-literal", // its gate has no bias and stands at σ(0)
                    FAR,
                    Map.of(),
                    own -> new AdditiveMemory("lizard-literal", AdditiveMemory.softmaxPair(1), 0.5)),
            Case.row("deltanet", "", Map.of("beta_bias", OPEN), "delta rule"),
            Case.row("gated-delta", "", Map.of("beta_bias", OPEN, "gate_bias", OPEN), "delta rule"),
            Case.row("rwkv7", "", Map.of("gate_bias", -OPEN, "rate_bias", OPEN), "delta rule"),
            Case.row("gla", "", Map.of("gate_bias", OPEN), "unit keys"),
            Case.row("mamba2", "", Map.of("decay_log", -OPEN, "skip", 0.0), "unit keys"),
            Case.row("mamba2-discrete", "", Map.of("step_bias", -OPEN, "skip", 0.0), "unit keys"),
            Case.row("mlstm", "", Map.of("gate_bias", OPEN), "unit keys"),
            Case.formula("retnet", "", Map.of(), own -> new AdditiveMemory("retnet", x -> x, 1 - Math.pow(2, -5))),
            Case.formula("supra", "", Map.of(), MixerProbeTest::supra),
            Case.formula("taylor", "", Map.of(), MixerProbeTest::taylor),
            Case.formula("kernel", "", Map.of(), MixerProbeTest::kernel),
            Case.formula(
                    "liger",
                    FAR,
                    Map.of(),
                    own -> new RowGated(
                            x -> x.softmax(-1),
                            x -> x.softmax(-1),
                            x -> x.logSigmoid().div(16))),
            Case.formula(
                    "metala",
                    "",
                    Map.of(),
                    own -> new RowGated(
                            x -> x,
                            x -> x.neg().logSigmoid().div(16).exp().neg().add(1),
                            x -> x.neg().logSigmoid().div(16))));

    /** Queries and keys with one map, for two drawn apart remember nothing. */
    private static MemoryRule supra(Map<String, Tensor> own) {
        own.put("query_map", MixerSpec.need(own, "key_map"));
        own.put("query_bias", MixerSpec.need(own, "key_bias"));
        return new AdditiveMemory(
                "supra",
                x -> x.linear(MixerSpec.need(own, "key_map"), MixerSpec.need(own, "key_bias"))
                        .clampMin(0),
                Math.exp(-Math.pow(2, -8)));
    }

    /** softplus(W u + b) of u = x / d^¼. */
    private static MemoryRule kernel(Map<String, Tensor> own) {
        return new AdditiveMemory(
                "kernel",
                x -> x.mul(Math.pow(MemoryProbe.WIDTH, -0.25))
                        .linear(MixerSpec.need(own, "kernel_weight"), MixerSpec.need(own, "kernel_bias"))
                        .neg()
                        .logSigmoid()
                        .neg());
    }

    /** 1 + s + s²/2 of projections as they are. */
    private static MemoryRule taylor(Map<String, Tensor> own) {
        Tensor map = MixerSpec.need(own, "key_map").select(0, 0); // [d, p]
        return new AdditiveMemory("taylor", x -> {
            Tensor a = x.matmul(map).mul(Math.pow((double) map.size(1), -0.25));
            Tensor pairs =
                    a.unsqueeze(-1).mul(a.unsqueeze(-2)).reshape(x.size(0), x.size(1), map.size(1) * map.size(1));
            return Tensors.cat(-1, a, pairs.mul(Math.sqrt(0.5))).pad(1, 0, 1);
        });
    }

    /**
     * A memory whose rows decay by what is written, queries being tokens with a key of zeros, token by token.
     *
     * @param reads what a query reads with
     * @param writes what a key writes with
     * @param decays log of what is left of each row when it comes
     */
    private record RowGated(UnaryOperator<Tensor> reads, UnaryOperator<Tensor> writes, UnaryOperator<Tensor> decays)
            implements MemoryRule {
        @Override
        public String name() {
            return "gated by row";
        }

        @Override
        public Tensor read(Tensor keys, Tensor values, Tensor queries) {
            Tensor memory = values.narrow(1, 0, 1)
                    .transpose(1, 2)
                    .matmul(values.narrow(1, 0, 1))
                    .mul(0);
            for (long t = 0; t < keys.size(1); t++) {
                Tensor k = keys.narrow(1, t, 1); // [B, 1, d]
                Tensor written = writes.apply(k).transpose(1, 2).matmul(values.narrow(1, t, 1));
                memory = memory.mul(decays.apply(k).exp().transpose(1, 2)).add(written);
            }
            List<Tensor> read = new ArrayList<>();
            for (long t = 0; t < queries.size(1); t++) {
                Tensor q = queries.narrow(1, t, 1);
                memory = memory.mul(decays.apply(q.mul(0)).exp().transpose(1, 2));
                read.add(reads.apply(q).matmul(memory));
            }
            return Tensors.cat(read, 1);
        }
    }

    /** Named after what it is the formula of. */
    private record Named(String name, MemoryRule rule) implements MemoryRule {
        @Override
        public Tensor read(Tensor keys, Tensor values, Tensor queries) {
            return rule.read(keys, values, queries);
        }
    }

    @Test
    void everyKindHoldsWhatItsRuleHolds() {
        try (Scope work = Scope.open()) {
            List<MemoryRule> rules = new ArrayList<>();
            for (Case one : CASES) {
                MixerMemory memory = one.memory();
                if (one.formula != null) {
                    rules.add(new Named("formula of " + one.mixer, one.formula.apply(memory.parameters())));
                }
                rules.add(memory);
            }
            Map<String, Double> shares = new HashMap<>();
            new MemoryProbe(1280, PAIRS, 7, Device.CPU)
                    .measure(
                            rules,
                            cell -> shares.put(
                                    "%s, %s %d".formatted(cell.model(), cell.task(), cell.size()), cell.value()));
            for (Case one : CASES) {
                compare(one, shares);
            }
        }
        assertThat(Stream.concat(CASES.stream().map(Case::mixer), NO_KEYS.stream()))
                .containsExactlyInAnyOrderElementsOf(MixerSpecs.names());
    }

    private static void compare(Case one, Map<String, Double> shares) {
        double[] row = TABLE.getOrDefault(one.row, new double[TASKS.size()]);
        for (int task = 0; task < row.length; task++) {
            String asked = ", " + TASKS.get(task);
            double expected =
                    one.formula == null ? row[task] : shares.getOrDefault("formula of " + one.mixer + asked, 2.0);
            assertThat(shares.get(one.mixer + asked)).as(one.mixer + asked).isCloseTo(expected, within(TOLERANCE));
        }
    }
}
