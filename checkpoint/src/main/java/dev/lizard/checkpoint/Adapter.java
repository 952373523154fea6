package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A LoRA adapter (Hu et al. 2021) as peft stores it.
 *
 * @param rank r, the same for all modules
 * @param alpha the scale's numerator: the update is {@code alpha / r * B A}
 * @param targetModules last names of the adapted modules, such as {@code q_proj}
 * @param baseModel what the adapter was trained on, as written there
 * @param pairs module path ({@code model.layers.0.self_attn.q_proj}) to its factors, in the order of the file
 */
public record Adapter(
        int rank, double alpha, List<String> targetModules, Optional<String> baseModel, Map<String, LoraPair> pairs) {
    public Adapter {
        targetModules = List.copyOf(targetModules);
        pairs = Collections.unmodifiableMap(new LinkedHashMap<>(pairs));
    }

    /** The factor of the update, alpha / r. */
    public double scale() {
        return alpha / rank;
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

    /** Writes both files of peft's layout into an existing folder, factors in float32. */
    public void write(Path folder) {
        AdapterFiles.write(folder, this);
    }
}
