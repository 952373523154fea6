package dev.lizard.cli;

import dev.lizard.base.Json;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lizard completion}: what a shell needs to complete our commands and options. */
@Command(
        name = "completion",
        description = "Prints a script with which a shell completes commands and options.",
        footer = {
            "",
            "bash: source <(lizard completion bash)   in ~/.bashrc",
            "zsh:  source <(lizard completion zsh)    in ~/.zshrc, after compinit",
            "fish: lizard completion fish > ~/.config/fish/completions/lizard.fish"
        })
final class CompletionCommand implements Action {
    /** The shells there are scripts for. */
    enum Shell {
        BASH,
        ZSH,
        FISH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish.")
    Shell shell;

    @Spec
    CommandSpec spec;

    @Override
    public int run(Context context) {
        List<CompletionNode> nodes = CompletionNode.of(spec.root().commandLine());
        String script = switch (shell) {
            case BASH -> BashCompletion.script(nodes);
            case ZSH -> ZshCompletion.script(nodes);
            case FISH -> FishCompletion.script(nodes);
        };
        context.console().result(Json.object().put("shell", shell.toString()).put("script", script), script.strip());
        return 0;
    }
}
