package dev.lizard.cli;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.base.Origin;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The layers below the named flags: {@code --set}, {@code LIZARD_*} variables, the file of {@code --config}. They are
 * one tree; picocli asks it for the value of each option that was not given.
 */
final class ConfigLayers implements IDefaultValueProvider {
    private static final Set<String> NOT_SETTINGS = Set.of("help", "version", "config", "set", "origin");

    private final ConfigTree tree;
    private final Map<String, OptionSpec> options;

    private ConfigLayers(ConfigTree tree, Map<String, OptionSpec> options) {
        this.tree = tree;
        this.options = options;
    }

    static ConfigLayers of(CommandLine root, Arguments arguments, Map<String, String> environment) {
        Map<String, OptionSpec> options = new TreeMap<>();
        collect(root, options);
        String file = arguments.config() == null ? given(environment, "LIZARD_CONFIG") : arguments.config();
        ConfigTree tree = file == null ? ConfigTree.empty() : ConfigTree.read(Path.of(file));
        for (OptionSpec option : options.values()) {
            String value = given(environment, variable(option));
            if (value != null && !option.isMultiValue()) {
                Origin origin = new Origin(Origin.Layer.ENVIRONMENT, variable(option));
                tree = tree.set(key(option), JsonNodeFactory.instance.stringNode(value), origin);
            }
        }
        for (String assignment : arguments.sets()) {
            int end = assignment.indexOf('=');
            String name =
                    end < 0 ? "--set" : "--set " + assignment.substring(0, end).strip();
            tree = tree.set(assignment, new Origin(Origin.Layer.FLAG, name));
        }
        return new ConfigLayers(tree, options);
    }

    /** An empty variable counts as none, as in a shell's {@code LIZARD_CACHE=$UNSET}. */
    private static @Nullable String given(Map<String, String> environment, String variable) {
        String value = environment.get(variable);
        return value == null || value.isEmpty() ? null : value;
    }

    /** With the options that were given by name on top, so that the tree holds every layer. */
    ConfigLayers with(ParseResult parsed) {
        ConfigTree changed = tree;
        for (ParseResult at = parsed; at != null; at = at.hasSubcommand() ? at.subcommand() : null) {
            for (OptionSpec option :
                    new LinkedHashSet<>(at.matchedOptions())) { // one that is repeated stands there twice
                if (isSetting(option)) {
                    JsonNode value = Json.MAPPER.valueToTree(texts(option));
                    changed = changed.set(key(option), value, new Origin(Origin.Layer.FLAG, option.longestName()));
                }
            }
        }
        return new ConfigLayers(changed, options);
    }

    /**
     * Without variables that belong to other commands' options but are named like a configuration key of this one:
     * {@code LIZARD_MODEL} is no model section of a configuration.
     */
    ConfigLayers forCommand(CommandSpec command, Collection<String> configKeys) {
        Set<String> own = command.options().stream().map(ConfigLayers::key).collect(Collectors.toSet());
        List<String> kept = tree.keys().stream()
                .filter(key -> own.contains(key)
                        || !configKeys.contains(key)
                        || tree.origin(key).layer() != Origin.Layer.ENVIRONMENT)
                .toList();
        return new ConfigLayers(tree.only(kept), options);
    }

    /** What was given, as text: a list where the option may be repeated. */
    private static @Nullable Object texts(OptionSpec option) {
        if (option.isMultiValue()) {
            return option.originalStringValues();
        }
        Object value = option.getValue();
        return option.typeInfo().isBoolean()
                ? value
                : option.originalStringValues().getLast();
    }

    ConfigTree tree() {
        return tree;
    }

    /** A key that is neither an option of some command nor one of {@code extra} is a mistake worth naming. */
    void refuseUnknown(Collection<String> extra) {
        Set<String> known = new TreeSet<>(options.keySet());
        known.addAll(extra);
        for (String key : tree.keys()) {
            if (!known.contains(key)) {
                Origin origin = tree.origin(key);
                JsonNode value = tree.get(key);
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "unknown key '" + key + "'",
                        origin.place(key),
                        "a setting such as " + String.join(", ", Nearest.to(key, known, 3)),
                        String.valueOf(value),
                        Nearest.hint(key, known));
            }
        }
    }

    /** Variables and files are for many commands; a flag is for this one and is to be heeded. */
    void refuseOtherThanFloat32(String command) {
        JsonNode dtype = tree.get("dtype");
        if (dtype != null
                && tree.origin("dtype").layer() == Origin.Layer.FLAG
                && !List.of("auto", "float32").contains(dtype.asString(""))) {
            throw LizardException.usage("--dtype: expected float32, which %s computes in, but found %s; leave it out"
                    .formatted(command, dtype.asString("")));
        }
    }

    @Override
    public @Nullable String defaultValue(ArgSpec argument) {
        JsonNode value = argument instanceof OptionSpec option ? tree.get(key(option)) : null;
        if (value == null || value.isNull()) {
            return null;
        }
        if (value.isArray() && value.size() == 1) {
            value = value.get(0);
        }
        if (value.isContainer()) {
            String key = key((OptionSpec) argument);
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "wrong type",
                    tree.origin(key).place(key),
                    "a single value",
                    value,
                    "give lists as repeated flags");
        }
        return argument.typeInfo().isBoolean() ? flag(value.asString()) : value.asString();
    }

    /** {@code --max-tokens} to {@code max_tokens}. */
    static String key(OptionSpec option) {
        return option.longestName().replaceFirst("^-+", "").replace('-', '_');
    }

    /** {@code --max-tokens} to {@code LIZARD_MAX_TOKENS}. */
    static String variable(OptionSpec option) {
        return "LIZARD_" + key(option).toUpperCase(Locale.ROOT);
    }

    /** The options that are settings, by key. */
    Map<String, OptionSpec> options() {
        return options;
    }

    static boolean isSetting(OptionSpec option) {
        return !NOT_SETTINGS.contains(key(option));
    }

    /** Variables that begin like ours but that nothing reads. */
    static List<String> unread(Map<String, String> environment, Collection<String> known) {
        return environment.keySet().stream()
                .filter(name -> name.startsWith("LIZARD_") && !known.contains(name))
                .sorted()
                .toList();
    }

    private static String flag(String value) {
        return switch (value) {
            case "1" -> "true";
            case "0", "" -> "false";
            default -> value;
        };
    }

    private static void collect(CommandLine command, Map<String, OptionSpec> options) {
        for (OptionSpec option : command.getCommandSpec().options()) {
            if (isSetting(option)) {
                options.putIfAbsent(key(option), option);
            }
        }
        command.getSubcommands().values().forEach(sub -> collect(sub, options));
    }
}
