package dev.lizard.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The few arguments that must be known before the rest can be parsed, since they give the others their defaults. */
record Arguments(@Nullable String config, List<String> sets, boolean debug) {
    static Arguments scan(String[] args) {
        String config = null;
        List<String> sets = new ArrayList<>();
        boolean debug = false;
        for (int i = 0; i < args.length && !args[i].equals("--"); i++) {
            String arg = args[i];
            String next = i + 1 < args.length ? args[i + 1] : null;
            if (arg.equals("--debug")) {
                debug = true;
            } else if (arg.startsWith("--config=")) {
                config = arg.substring("--config=".length());
            } else if (arg.startsWith("--set=")) {
                sets.add(arg.substring("--set=".length()));
            } else if (next != null && arg.equals("--config")) {
                config = next;
                i++;
            } else if (next != null && arg.equals("--set")) {
                sets.add(next);
                i++;
            }
        }
        return new Arguments(config, List.copyOf(sets), debug);
    }
}
