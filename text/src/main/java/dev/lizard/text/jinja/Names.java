package dev.lizard.text.jinja;

import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which names a template uses. Statements and expressions are records all the way down, so one walk sees them all. */
final class Names {
    private final Set<String> used = new TreeSet<>();
    private final Set<String> set = new TreeSet<>();

    private Names() {}

    /** Those used and nowhere set: what must come from outside. */
    static Set<String> free(List<Node> nodes) {
        Names names = new Names();
        names.visit(nodes);
        names.used.removeAll(names.set);
        if (nodes.stream().anyMatch(Node.For.class::isInstance)) {
            names.used.remove("loop");
        }
        return names.used;
    }

    private void visit(@Nullable Object part) {
        switch (part) {
            case Expr.Name name -> used.add(name.name());
            case Node.Target.Name name -> set.add(name.name());
            case Node.Macro macro -> {
                set.add(macro.name());
                set.addAll(macro.signature().parameters());
                visit(macro.signature().defaults());
                visit(macro.body());
            }
            case List<?> list -> list.forEach(this::visit);
            case Map<?, ?> map -> map.values().forEach(this::visit);
            case Record parts when !(part instanceof Value) -> components(parts);
            case null, default -> {}
        }
    }

    private void components(Record parts) {
        for (RecordComponent component : parts.getClass().getRecordComponents()) {
            try {
                visit(component.getAccessor().invoke(parts));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("cannot look into " + parts.getClass(), e);
            }
        }
    }
}
