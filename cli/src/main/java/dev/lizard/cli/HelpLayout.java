package dev.lizard.cli;

import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The one shape of help texts: what is required first, a command's own options, the common ones by name. */
final class HelpLayout {
    private HelpLayout() {}

    /** Sets the shape on a command and on all below it. */
    static void install(CommandLine command) {
        UsageMessageSpec usage = command.getCommandSpec().usageMessage();
        usage.sortOptions(false);
        usage.parameterListHeading("%nArguments:%n");
        usage.optionListHeading("%nOptions:%n");
        usage.commandListHeading("%nCommands:%n");
        command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_SYNOPSIS, HelpLayout::synopsis);
        command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST_HEADING, HelpLayout::heading);
        command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, HelpLayout::options);
        command.getSubcommands().values().forEach(HelpLayout::install);
    }

    static String synopsis(Help help) {
        CommandSpec spec = help.commandSpec();
        StringBuilder line = new StringBuilder(spec.qualifiedName());
        for (OptionSpec option : own(spec)) {
            if (option.required()) {
                String more = option.isMultiValue() ? "..." : "";
                line.append(' ')
                        .append(option.longestName())
                        .append(' ')
                        .append(option.paramLabel())
                        .append(more);
            }
        }
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            String label = parameter.paramLabel() + (parameter.isMultiValue() ? "..." : "");
            line.append(' ').append(parameter.required() ? label : "[" + label + "]");
        }
        line.append(" [OPTIONS]");
        if (!spec.subcommands().isEmpty()) {
            line.append(" COMMAND");
        }
        return line + System.lineSeparator();
    }

    private static String heading(Help help) {
        return own(help.commandSpec()).isEmpty() ? "" : help.optionListHeading();
    }

    private static String options(Help help) {
        CommandSpec spec = help.commandSpec();
        Help.Layout layout = help.createDefaultLayout();
        layout.addOptions(own(spec), help.createDefaultParamLabelRenderer());
        String common = spec.options().stream()
                .filter(OptionSpec::inherited)
                .map(OptionSpec::longestName)
                .collect(Collectors.joining(" "));
        String end = common.isEmpty() ? "" : "%nCommon options, see 'lizard --help':%n  %s%n".formatted(common);
        return layout + end;
    }

    private static List<OptionSpec> own(CommandSpec spec) {
        return spec.options().stream()
                .filter(option -> !option.inherited() && !option.hidden())
                .toList();
    }
}
