package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/**
 * Which modules an adapter's config names, by peft's rules: the names of {@code target_modules} are whole paths or ends
 * of paths, a text is a regular expression over the whole path, {@code all-linear} is every projection; minus
 * {@code exclude_modules}; names (not paths, not an expression) only in the layers of {@code layers_to_transform}.
 */
final class ModuleTargets {
    private static final String TARGETS = "target_modules";
    private static final String EXCLUDED = "exclude_modules";
    private static final String LAYERS = "layers_to_transform";
    private static final String LAYERS_PATTERN = "layers_pattern";
    private static final String ALL_LINEAR = "all-linear";

    /** Where a layer's number stands if nothing else is said. */
    private static final String ANY_LAYER = ".*?\\.[^.]*\\.(?P<idx>\\d+)\\.";

    private final List<String> names;
    private final Predicate<String> included;

    private ModuleTargets(List<String> names, Predicate<String> included) {
        this.names = List.copyOf(names);
        this.included = included;
    }

    /** Names, or ends of names, alone. */
    static ModuleTargets named(List<String> names) {
        return new ModuleTargets(names, module -> isOneOf(names, module));
    }

    /** @throws LizardException INPUT for keys that are missing, wrong or contradict each other */
    static ModuleTargets read(AdapterKeys keys) {
        JsonNode node = keys.get(TARGETS);
        List<String> names = keys.texts(TARGETS);
        if (names.isEmpty()) {
            throw keys.wrong(TARGETS, "names of modules, or a regular expression");
        }
        Optional<Predicate<String>> layers = layers(keys);
        Predicate<String> targets;
        if (!node.isString()) {
            Predicate<String> inLayer = layers.orElse(module -> true);
            targets = module -> names.contains(module) || (isOneOf(names, module) && inLayer.test(module));
        } else if (layers.isPresent()) {
            throw keys.wrong(LAYERS, "nothing where " + TARGETS + " is a regular expression");
        } else {
            targets = node.stringValue().equalsIgnoreCase(ALL_LINEAR)
                    ? module -> module.endsWith("_proj")
                    : ModulePattern.of(keys.file(), TARGETS, node.stringValue())::matches;
        }
        return new ModuleTargets(names, targets.and(excluded(keys).negate()));
    }

    private static Predicate<String> excluded(AdapterKeys keys) {
        JsonNode node = keys.get(EXCLUDED);
        List<String> names = keys.texts(EXCLUDED);
        return node.isString() && !names.isEmpty()
                ? ModulePattern.of(keys.file(), EXCLUDED, node.stringValue())::matches
                : module -> isOneOf(names, module);
    }

    private static Optional<Predicate<String>> layers(AdapterKeys keys) {
        List<Long> wanted = new ArrayList<>();
        JsonNode node = keys.get(LAYERS);
        for (JsonNode item : node.isArray() ? node : List.of(node)) {
            if (item.isIntegralNumber() && item.canConvertToInt() && item.intValue() >= 0) {
                wanted.add(item.longValue());
            } else if (AdapterKeys.isSet(node)) {
                throw keys.wrong(LAYERS, "numbers of layers");
            }
        }
        List<String> patterns = keys.texts(LAYERS_PATTERN);
        if (wanted.isEmpty()) {
            if (!patterns.isEmpty()) {
                throw keys.wrong(LAYERS_PATTERN, "nothing where " + LAYERS + " is absent");
            }
            return Optional.empty();
        }
        List<ModulePattern> places = new ArrayList<>();
        for (String pattern : patterns) {
            places.add(place(keys.file(), "(?:^|.*?\\.)" + pattern + "\\.(?P<idx>\\d+)\\."));
        }
        if (places.isEmpty()) {
            places.add(place(keys.file(), ANY_LAYER));
        }
        return Optional.of(module -> places.stream()
                .map(place -> place.group(module, "idx"))
                .flatMap(Optional::stream)
                .findFirst()
                .filter(number -> number.length() < 10 && wanted.contains(Long.valueOf(number)))
                .isPresent());
    }

    private static ModulePattern place(Path file, String pattern) {
        return ModulePattern.of(file, LAYERS_PATTERN, pattern);
    }

    private static boolean isOneOf(List<String> names, String module) {
        return names.stream().anyMatch(name -> module.equals(name) || module.endsWith("." + name));
    }

    /** As written: names, or the one expression. */
    List<String> names() {
        return names;
    }

    /** Whether the module at {@code path} is to have factors. */
    boolean include(String path) {
        return included.test(path);
    }
}
