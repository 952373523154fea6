package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import tools.jackson.databind.JsonNode;

/**
 * peft's {@code adapter_config.json} of a plain LoRA.
 *
 * @param rank r, where no pattern says otherwise
 * @param alpha the scale's numerator, where no pattern says otherwise
 * @param rankStabilized whether the scale is {@code alpha / √r} (Kalajdzievski 2023) instead of {@code alpha / r}
 * @param ranks r of the modules that a pattern matches
 * @param alphas alpha of these
 * @param inert what was said and has no effect, a line each
 */
record AdapterConfig(
        int rank,
        double alpha,
        boolean rankStabilized,
        List<Entry<Integer>> ranks,
        List<Entry<Double>> alphas,
        ModuleTargets targets,
        Optional<String> baseModel,
        List<String> inert) {
    /** peft draws first factors so, and leaves the base weight as it is; what the file holds replaces them. */
    private static final Set<String> HARMLESS_INITS = Set.of("gaussian", "eva", "orthogonal", "mica");

    private static final Set<String> TASKS = Set.of("CAUSAL_LM", "FEATURE_EXTRACTION");

    /** A value for the modules whose path a pattern matches: the whole path, or what follows a dot of it. */
    record Entry<T>(String key, ModulePattern pattern, T value) {
        boolean matches(String module) {
            return pattern.matchesStart(module);
        }
    }

    /** @throws LizardException INPUT for anything that is not understood, naming the key */
    static AdapterConfig read(Path file) {
        AdapterKeys keys = new AdapterKeys(file, JsonFiles.readObject(file));
        expect(keys, "peft_type", Set.of("LORA"), "use a LoRA adapter");
        if (!keys.get("task_type").isMissingNode()) {
            expect(keys, "task_type", TASKS, "use an adapter of a language model");
        }
        if (!keys.get("bias").isMissingNode()) {
            expect(keys, "bias", Set.of("none"), "merge it with peft first");
        }
        refuseChangedBase(keys);
        List<String> inert = new ArrayList<>();
        if (keys.flag("fan_in_fan_out")) {
            inert.add(file + "/fan_in_fan_out has no effect on the linear layers of this model, as in peft");
        }
        JsonNode base = keys.get("base_model_name_or_path");
        return new AdapterConfig(
                keys.rank("r", keys.get("r")),
                keys.number("lora_alpha", keys.get("lora_alpha")),
                keys.flag("use_rslora"),
                entries(keys, "rank_pattern", keys::rank),
                entries(keys, "alpha_pattern", keys::number),
                ModuleTargets.read(keys),
                base.isString() ? Optional.of(base.stringValue()) : Optional.empty(),
                inert);
    }

    private static void expect(AdapterKeys keys, String key, Set<String> values, String whatToDo) {
        JsonNode node = keys.get(key);
        if (!node.isString() || !values.contains(node.stringValue())) {
            throw BadFile.in(
                    keys.file(),
                    key,
                    "unsupported adapter",
                    String.join(" or ", values),
                    node.isString()
                            ? node.stringValue()
                            : Json.kindOf(keys.config().path(key)),
                    whatToDo);
        }
    }

    /** PiSSA, OLoRA, CorDA, LoftQ, LoRA-GA and their like take something out of the base weight when peft loads them. */
    private static void refuseChangedBase(AdapterKeys keys) {
        String key = "init_lora_weights";
        JsonNode node = keys.get(key);
        boolean harmless = node.isMissingNode()
                || node.isBoolean()
                || (node.isString()
                        && HARMLESS_INITS.contains(node.stringValue().toLowerCase(Locale.ROOT)));
        if (!harmless) {
            throw BadFile.in(
                    keys.file(),
                    key,
                    "unsupported adapter",
                    "an initialisation that leaves the base weights alone (true, false, gaussian, eva, orthogonal)",
                    node.isString() ? node.stringValue() : node,
                    "convert it to plain LoRA or merge it with peft first");
        }
    }

    private static <T> List<Entry<T>> entries(AdapterKeys keys, String key, BiFunction<String, JsonNode, T> read) {
        List<Entry<T>> entries = new ArrayList<>();
        keys.map(key).forEach((pattern, node) -> {
            String place = key + "/" + pattern;
            ModulePattern compiled = ModulePattern.of(keys.file(), place, "(.*\\.)?(" + pattern + ")$");
            entries.add(new Entry<>(place, compiled, read.apply(place, node)));
        });
        return List.copyOf(entries);
    }

    /** r of the module at {@code path}. */
    int rank(String path) {
        return first(ranks, path).orElse(rank);
    }

    /** The factor of its update. */
    double scale(String path) {
        int r = rank(path);
        return first(alphas, path).orElse(alpha) / (rankStabilized ? Math.sqrt(r) : r);
    }

    private static <T> Optional<T> first(List<Entry<T>> entries, String path) {
        return entries.stream()
                .filter(entry -> entry.matches(path))
                .map(Entry::value)
                .findFirst();
    }

    /** What has no effect on any of the adapted modules, a line each. */
    List<String> notes(Path file, Collection<String> paths) {
        List<String> notes = new ArrayList<>(inert);
        List<Entry<?>> patterns = new ArrayList<>(ranks);
        patterns.addAll(alphas);
        for (Entry<?> entry : patterns) {
            if (paths.stream().noneMatch(entry::matches)) {
                notes.add("%s/%s matches no adapted module and has no effect"
                        .formatted(file, BadFile.brief(entry.key())));
            }
        }
        return notes;
    }
}
