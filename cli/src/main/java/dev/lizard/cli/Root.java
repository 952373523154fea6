package dev.lizard.cli;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** {@code lizard} itself: the list of commands, and the options that every command has. */
@Command(
        name = "lizard",
        description = "Turns a pretrained Transformer into a model of constant memory, and generates with it.",
        subcommands = {
            DoctorCommand.class,
            DemoCommand.class,
            InspectCommand.class,
            TokenizeCommand.class,
            LinearizeCommand.class,
            CompareCommand.class,
            MergeCommand.class,
            PackCommand.class,
            GenerateCommand.class,
            ChatCommand.class,
            ServeCommand.class,
            ScoreCommand.class,
            EvalCommand.class,
            ExamineCommand.class,
            BenchCommand.class,
            RecallBenchCommand.class,
            ProbesCommand.class,
            StructuresCommand.class,
            MixersCommand.class,
            ReportCommand.class,
            PretrainCommand.class,
            ConfigCommand.class,
            CompletionCommand.class,
            HelpCommand.class
        },
        versionProvider = Version.class,
        footer = {
            "",
            "Each option but a list may also come from a variable (--max-tokens: LIZARD_MAX_TOKENS) or from the file",
            "of --config (max_tokens: 128). Precedence: flag, variable, file, recipe, built-in; 'lizard config show'.",
            "Exit codes: 0 done, 1 failed, 2 usage, 3 bad input file, 4 environment, 130 interrupted."
        })
final class Root {
    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description = "auto, cpu, cuda or cuda:N (default: ${DEFAULT-VALUE}).",
            defaultValue = "auto",
            completionCandidates = Settings.Devices.class,
            scope = ScopeType.INHERIT)
    String device;

    @Option(
            names = "--dtype",
            paramLabel = "DTYPE",
            description = "auto, float32 or bfloat16 (default: ${DEFAULT-VALUE}).",
            defaultValue = "auto",
            completionCandidates = Settings.Types.class,
            scope = ScopeType.INHERIT)
    String dtype;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "CPU threads of one operation; 0: as many as the machine has cores (default: 0).",
            defaultValue = "0",
            scope = ScopeType.INHERIT)
    int threads;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "The one number all randomness follows from (default: ${DEFAULT-VALUE}).",
            defaultValue = "0",
            scope = ScopeType.INHERIT)
    long seed;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Folder for downloads and unpacked native libraries (default: ~/.cache/lizard).",
            scope = ScopeType.INHERIT)
    @Nullable
    Path cache;

    @Option(names = "--offline", description = "Download nothing.", scope = ScopeType.INHERIT)
    boolean offline;

    @Option(names = "--config", paramLabel = "FILE", description = "YAML file of settings.", scope = ScopeType.INHERIT)
    @Nullable
    Path config;

    @Option(
            names = "--set",
            paramLabel = "A.B=VALUE",
            description = "Replaces one value of the configuration or recipe; may be repeated.",
            scope = ScopeType.INHERIT)
    @Nullable
    List<String> set;

    @Option(
            names = "--json",
            description = "Standard output carries one JSON object a line and nothing else.",
            scope = ScopeType.INHERIT)
    boolean json;

    @Option(names = "--quiet", description = "No notes, no progress.", scope = ScopeType.INHERIT)
    boolean quiet;

    @Option(
            names = "--debug",
            description = "Stack traces with errors, log lines of libraries.",
            scope = ScopeType.INHERIT)
    boolean debug;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this text.",
            scope = ScopeType.INHERIT)
    boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Shows the version.")
    boolean version;
}
