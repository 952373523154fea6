package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.checkpoint.Adapter;
import dev.lizard.checkpoint.LoraPair;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Low-rank updates of a decoder's projections (Hu et al. 2021). Factors are named as peft does, without its prefix:
 * {@code model.layers.N.self_attn.q_proj.lora_A.weight} [r, in] and {@code .lora_B.weight} [out, r].
 */
public final class Lora {
    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";

    private Lora() {}

    /**
     * Initial factors: A uniform in ±1/√in as peft draws it, B zero, so that nothing changes at first. They belong to
     * the innermost scope, on the CPU.
     *
     * @param group the parameters' group in a {@link ParameterBuffer}
     * @throws LizardException USAGE for a target that names no projection, or a rank that is low for none of them
     */
    public static List<ParameterBuffer.Entry> initial(
            Decoder decoder, LoraSpec spec, RandomStream random, String group) {
        List<ParameterBuffer.Entry> entries = new ArrayList<>();
        List<Linear> adapted = targets(decoder, spec);
        requireLowRank(adapted, spec.rank());
        for (Linear linear : adapted) {
            long out = linear.weight().tensor().size(0);
            int in = Math.toIntExact(linear.weight().tensor().size(1));
            float[] a = new float[spec.rank() * in];
            for (int i = 0; i < a.length; i++) {
                a[i] = (float) ((2 * random.nextDouble() - 1) / Math.sqrt(in));
            }
            Tensor zero = Tensors.zeros(DType.FLOAT32, Device.CPU, out, spec.rank());
            entries.add(new ParameterBuffer.Entry(linear.name() + A, Tensors.of(a, spec.rank(), in), group));
            entries.add(new ParameterBuffer.Entry(linear.name() + B, zero, group));
        }
        return entries;
    }

    /** How many numbers {@link #initial} makes. */
    public static long count(Decoder decoder, LoraSpec spec) {
        return targets(decoder, spec).stream()
                .map(linear -> linear.weight().tensor())
                .mapToLong(weight -> spec.rank() * (weight.size(0) + weight.size(1)))
                .sum();
    }

    private static void requireLowRank(List<Linear> adapted, int rank) {
        long full = adapted.stream()
                .map(linear -> linear.weight().tensor())
                .mapToLong(weight -> Math.min(weight.size(0), weight.size(1)))
                .max()
                .orElse(0);
        if (rank > full) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "rank out of range",
                    "lora.rank",
                    "at most %d, the full rank of the targets,".formatted(full),
                    rank,
                    "lower it");
        }
    }

    /** The projections that a spec names, in the order of the forward pass. */
    private static List<Linear> targets(Decoder decoder, LoraSpec spec) {
        List<Linear> found = new ArrayList<>();
        for (Linear linear : decoder.projections().values()) {
            if (spec.targets().stream().anyMatch(t -> names(t, linear))) {
                found.add(linear);
            }
        }
        for (String target : spec.targets()) {
            if (decoder.projections().values().stream().noneMatch(l -> names(target, l))) {
                throw unknown(decoder, target);
            }
        }
        return found;
    }

    private static boolean names(String target, Linear linear) {
        return linear.name().equals(target) || linear.name().endsWith("." + target);
    }

    private static LizardException unknown(Decoder decoder, String target) {
        TreeSet<String> real = new TreeSet<>();
        for (String name : decoder.projections().keySet()) {
            real.add(target.contains(".") ? name : lastName(name));
        }
        return LizardException.at(
                LizardException.Kind.USAGE,
                "unknown LoRA target",
                "lora.targets",
                "a projection of the model",
                "'" + target + "'",
                "the nearest are " + String.join(", ", Nearest.to(target, real, 3)));
    }

    /**
     * Puts the factors beside their projections. They stay their owner's, such as a parameter buffer's leaves.
     *
     * @param factors by the names of {@link #initial}; other names are passed over
     */
    public static void attach(Decoder decoder, LoraSpec spec, Map<String, Tensor> factors) {
        for (Linear linear : targets(decoder, spec)) {
            Tensor a = factors.get(linear.name() + A);
            Tensor b = factors.get(linear.name() + B);
            if (a == null || b == null) {
                throw new IllegalArgumentException("no LoRA factors for " + linear.name());
            }
            linear.update(new Linear.Update(a, b, spec.scale()));
        }
    }

    /**
     * Puts a stored adapter's factors beside their projections, owned by the decoder and in its type.
     *
     * @throws LizardException INPUT for a module that the model does not have or of another shape
     */
    public static void attach(Decoder decoder, Adapter adapter, String where) {
        try (Scope work = Scope.open()) {
            adapter.pairs().forEach((module, pair) -> {
                Linear linear = decoder.projections().get(module);
                if (linear == null) {
                    throw mismatch(
                            where + "/" + module,
                            "a projection of the model",
                            "none of that name",
                            Nearest.hint(module, decoder.projections().keySet()));
                }
                Tensor weight = linear.weight().tensor();
                if (weight.size(0) != pair.out() || weight.size(1) != pair.in()) {
                    throw mismatch(
                            where + "/" + module,
                            "factors of a weight [%d, %d]".formatted(weight.size(0), weight.size(1)),
                            "[%d, %d]".formatted(pair.out(), pair.in()),
                            "use it with the model it was trained on");
                }
                Tensor a = Tensors.fromSegment(pair.a(), DType.FLOAT32, decoder.device(), pair.rank(), pair.in());
                Tensor b = Tensors.fromSegment(pair.b(), DType.FLOAT32, decoder.device(), pair.out(), pair.rank());
                linear.update(new Linear.Update(
                        decoder.own(a.to(decoder.dtype())), decoder.own(b.to(decoder.dtype())), pair.scale()));
            });
        }
    }

    /** A line of what {@code adapter} names in its config and has no factors for, as peft warns too; else nothing. */
    static Optional<String> missing(Decoder decoder, Adapter adapter) {
        Set<String> modules = new LinkedHashSet<>(decoder.projections().keySet());
        modules.add("lm_head");
        modules.add("model.embed_tokens");
        List<String> missing = modules.stream()
                .filter(module ->
                        adapter.targets().test(module) && !adapter.pairs().containsKey(module))
                .toList();
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("the adapter has no factors for %s%s, which its target_modules name: left as they are"
                        .formatted(
                                String.join(", ", missing.subList(0, Math.min(3, missing.size()))),
                                missing.size() > 3 ? " and %,d more".formatted(missing.size() - 3) : ""));
    }

    private static LizardException mismatch(String where, String expected, String found, String whatToDo) {
        return LizardException.at(
                LizardException.Kind.INPUT, "adapter does not fit the model", where, expected, found, whatToDo);
    }

    /** Takes all updates away. */
    public static void detach(Decoder decoder) {
        decoder.projections().values().forEach(linear -> linear.update(null));
    }

    /** Adds each update to its weight, {@code W ← W + s B A}, formed in float32, and takes it away. */
    public static void merge(Decoder decoder) {
        try (Gradients off = Gradients.off()) {
            for (Linear linear : decoder.projections().values()) {
                Linear.Update update = linear.update();
                if (update != null) {
                    try (Scope work = Scope.open()) {
                        DType wide = decoder.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
                        Tensor product = update.b().to(wide).matmul(update.a().to(wide)); // [out, in]
                        Tensor weight = linear.weight().tensor();
                        weight.copy_(weight.to(wide).add(product.mul(update.scale())));
                    }
                    linear.update(null);
                }
            }
        }
    }

    /** The updates now attached, as peft stores them; empty where there are none. */
    public static Optional<Adapter> adapter(Decoder decoder, Optional<String> baseModel) {
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        for (Linear linear : decoder.projections().values()) {
            Linear.Update update = linear.update();
            if (update != null) {
                pairs.put(
                        linear.name(),
                        LoraPair.of(
                                (int) update.a().size(0),
                                (int) update.a().size(1),
                                (int) update.b().size(0),
                                update.scale(),
                                update.a().floats(),
                                update.b().floats()));
            }
        }
        return pairs.isEmpty()
                ? Optional.empty()
                : Optional.of(Adapter.of(targetNames(decoder, pairs.keySet()), baseModel, pairs));
    }

    /** Last names where every projection of that name is adapted, else whole paths: no name says too much. */
    private static List<String> targetNames(Decoder decoder, Set<String> adapted) {
        Set<String> partly = new TreeSet<>();
        for (String name : decoder.projections().keySet()) {
            if (!adapted.contains(name)) {
                partly.add(lastName(name));
            }
        }
        Set<String> names = new TreeSet<>();
        for (String name : adapted) {
            names.add(partly.contains(lastName(name)) ? name : lastName(name));
        }
        return List.copyOf(names);
    }

    private static String lastName(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }
}
