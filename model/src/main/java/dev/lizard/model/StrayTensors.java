package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.WeightSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Stored tensors that the config does not promise. One beside a weight that is used (a bias, a quantiser's scale, an
 * adapter's factor) would change what that weight means; others are left out, and that is said.
 */
final class StrayTensors {
    /** Tables that follow from the config; older checkpoints store them. */
    private static final Set<String> DERIVED = Set.of("rotary_emb", "rotary_pos_emb");

    private final WeightSource source;
    private final Set<String> promised;
    private final Set<String> modules = new HashSet<>();

    StrayTensors(WeightSource source, Set<String> promised) {
        this.source = source;
        this.promised = promised;
        for (String name : promised) {
            modules.add(name.substring(0, name.lastIndexOf('.')));
        }
    }

    /**
     * A line about what is left out, if anything is.
     *
     * @throws LizardException INPUT for a tensor beside a weight that is used
     */
    Optional<String> examine() {
        List<String> leftOut = new ArrayList<>();
        for (String name : source.names()) {
            if (promised.contains(name)) {
                continue;
            }
            List<String> parts = List.of(name.split("\\.", -1));
            if (besideWeight(parts)) {
                throw refused(name, parts.getLast());
            }
            if (parts.stream().noneMatch(DERIVED::contains) && !name.equals(WeightShapes.HEAD)) {
                leftOut.add(name);
            }
        }
        if (leftOut.isEmpty()) {
            return Optional.empty();
        }
        String first = leftOut.getFirst();
        return Optional.of(
                "%s: %,d stored tensors are no part of the model that the config describes and are left out, such as %s"
                        .formatted(source.file(first), leftOut.size(), source.storedName(first)));
    }

    private boolean besideWeight(List<String> parts) {
        StringBuilder module = new StringBuilder();
        for (String part : parts.subList(0, parts.size() - 1)) {
            module.append(module.isEmpty() ? "" : ".").append(part);
            if (modules.contains(module.toString())) {
                return true;
            }
        }
        return false;
    }

    private LizardException refused(String name, String last) {
        boolean bias = last.equals("bias");
        return LizardException.at(
                LizardException.Kind.INPUT,
                "unexpected tensor",
                source.file(name) + "/" + source.storedName(name),
                bias ? "no bias, as the config says" : "a plain weight with nothing beside it",
                bias
                        ? "one"
                        : source.info(name).type() + " " + source.info(name).shape(),
                bias
                        ? "check that config and weights belong together"
                        : "quantised, scaled or adapted weights are not read: save them plain and merged");
    }
}
