package dev.lizard.cli;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.base.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code lizard config show}: every value as it is resolved, and where it came from. */
@Command(name = "show", description = "Shows each value as it is resolved; with --origin also where it came from.")
final class ConfigShowCommand implements Action {
    private record Row(String key, @Nullable String value, Origin origin) {}

    @Parameters(
            paramLabel = "COMMAND",
            arity = "0..1",
            description = "Also the options of this command; none: the common ones.")
    @Nullable
    String command;

    @Option(names = "--origin", description = "Says where each value came from.")
    boolean origin;

    @Spec
    CommandSpec spec;

    @Override
    public int run(Context context) {
        List<Row> rows = rows(context.layers());
        int keyWidth = rows.stream().mapToInt(r -> r.key.length()).max().orElse(0);
        int valueWidth = rows.stream()
                .mapToInt(r -> String.valueOf(r.value).length())
                .max()
                .orElse(0);
        for (Row row : rows) {
            ObjectNode object = Json.object().put("key", row.key).put("value", row.value);
            String value = row.value == null ? "-" : row.value;
            String line = ("%-" + keyWidth + "s  %-" + valueWidth + "s").formatted(row.key, value);
            if (origin) {
                object.put("origin", row.origin.layer().label()).put("where", row.origin.where());
                line += "  " + row.origin;
            }
            context.console().result(object, line.stripTrailing());
        }
        return 0;
    }

    private List<Row> rows(ConfigLayers layers) {
        Map<String, Row> rows = new TreeMap<>();
        for (OptionSpec option : spec.root().options()) {
            addOption(rows, option, layers);
        }
        if (command != null) {
            for (OptionSpec option : chosen(command).options()) {
                addOption(rows, option, layers);
            }
        }
        for (ConfigTree.Entry entry : layers.tree().entries()) {
            rows.putIfAbsent(entry.key(), new Row(entry.key(), entry.value(), entry.origin()));
        }
        return new ArrayList<>(rows.values());
    }

    private CommandSpec chosen(String name) {
        Map<String, CommandLine> commands = spec.root().subcommands();
        CommandLine found = commands.get(name);
        if (found == null) {
            throw LizardException.usage("unknown command '%s'; %s"
                    .formatted(name, Nearest.hintOr(name, commands.keySet(), "see 'lizard --help'")));
        }
        return found.getCommandSpec();
    }

    private void addOption(Map<String, Row> rows, OptionSpec option, ConfigLayers layers) {
        String key = ConfigLayers.key(option);
        if (!ConfigLayers.isSetting(option) || rows.containsKey(key)) {
            return;
        }
        JsonNode value = layers.tree().get(key);
        rows.put(
                key,
                value == null
                        ? new Row(key, builtIn(option), Origin.BUILT_IN)
                        : new Row(key, text(value), layers.tree().origin(key)));
    }

    private static String text(JsonNode value) {
        return value.isContainer() ? value.toString() : value.asString();
    }

    private static @Nullable String builtIn(OptionSpec option) {
        String value = option.defaultValue();
        return value == null && option.typeInfo().isBoolean() ? "false" : value;
    }
}
