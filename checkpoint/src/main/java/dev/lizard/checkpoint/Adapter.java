package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A LoRA adapter (Hu et al. 2021) as peft stores it.
 *
 * @param rank r of modules that have no rank of their own
 * @param alpha numerator of the scale of modules that have none of their own
 * @param targetModules the adapted modules: ends of their paths such as {@code q_proj}, or whole ones
 * @param targets whether the adapter is to have factors for the module of a path
 * @param baseModel what the adapter was trained on, as written there
 * @param pairs module path ({@code model.layers.0.self_attn.q_proj}) to its factors, in the order of the file
 * @param notes what was said in its config and has no effect, a line each
 */
public record Adapter(
        int rank,
        double alpha,
        List<String> targetModules,
        Predicate<String> targets,
        Optional<String> baseModel,
        Map<String, LoraPair> pairs,
        List<String> notes) {
    public Adapter {
        targetModules = List.copyOf(targetModules);
        pairs = Collections.unmodifiableMap(new LinkedHashMap<>(pairs));
        notes = List.copyOf(notes);
    }

    /**
     * The adapter of some factors, at least one pair; the usual rank and scale are those of the first.
     *
     * @param targetModules ends of paths, or whole ones
     */
    public static Adapter of(List<String> targetModules, Optional<String> baseModel, Map<String, LoraPair> pairs) {
        LoraPair first = pairs.values().iterator().next();
        Predicate<String> targets = ModuleTargets.named(targetModules)::include;
        return new Adapter(
                first.rank(), first.scale() * first.rank(), targetModules, targets, baseModel, pairs, List.of());
    }

    /** Whether the scale of a pair is alpha / r with the usual alpha. */
    public boolean hasUsualAlpha(LoraPair pair) {
        double own = pair.scale() * pair.rank();
        return Math.abs(own - alpha) <= 1e-12 * Math.abs(own);
    }

    /**
     * The factors of one module.
     *
     * @throws LizardException INPUT when the adapter has none for it, with the nearest module
     */
    public LoraPair pair(String module) {
        LoraPair pair = pairs.get(module);
        if (pair == null) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "missing module",
                    "adapter/" + module,
                    "factors for it",
                    pairs.size() + " other modules",
                    Nearest.hint(module, pairs.keySet()));
        }
        return pair;
    }

    /**
     * Reads {@code adapter_config.json} and {@code adapter_model.safetensors} of a folder into memory.
     *
     * @throws LizardException INPUT for a broken file or a variant of LoRA that is not supported, naming it
     */
    public static Adapter read(Path folder) {
        return AdapterFiles.read(folder);
    }

    /**
     * The adapter of a folder where there is one; its files are added to {@code content}, what has no effect to {@code
     * notes}.
     */
    static Optional<Adapter> in(Path folder, List<Path> content, List<String> notes) {
        if (!Files.isRegularFile(folder.resolve(AdapterFiles.CONFIG))) {
            return Optional.empty();
        }
        Adapter adapter = read(folder);
        notes.addAll(adapter.notes);
        content.add(folder.resolve(AdapterFiles.CONFIG));
        content.add(folder.resolve(AdapterFiles.WEIGHTS));
        return Optional.of(adapter);
    }

    /** Writes both files of peft's layout into an existing folder, factors in float32. */
    public void write(Path folder) {
        AdapterFiles.write(folder, this);
    }
}
