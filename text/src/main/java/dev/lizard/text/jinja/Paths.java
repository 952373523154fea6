package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The argument {@code attribute} of filters: names and numbers with dots between. */
final class Paths {
    private Paths() {}

    /** Follows {@code path} from an item; {@code otherwise} stands for what is missing, unless it is none. */
    static Function<Value, Value> getter(Arguments a, Value path, Value otherwise) {
        List<Value> steps = new ArrayList<>();
        if (path instanceof Value.Str(Text text, boolean _)) {
            for (Text step : PythonText.split(text, ".", -1, a.budget())) {
                boolean number = step.chars().matches("\\d{1,9}");
                steps.add(number ? Value.of(Long.parseLong(step.chars())) : Value.of(step));
            }
        } else {
            steps.add(path);
        }
        return item -> {
            Value at = item;
            for (Value step : steps) {
                a.budget().step();
                at = Attributes.index(at, step, a.line(), a.budget());
                if (at instanceof Value.Undefined && !(otherwise instanceof Value.None)) {
                    at = otherwise;
                }
            }
            return at;
        };
    }
}
