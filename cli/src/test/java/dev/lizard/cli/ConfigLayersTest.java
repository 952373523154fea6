package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Origin;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class ConfigLayersTest {
    @Command(name = "talk")
    static final class Talk {
        @Option(names = "--model")
        String model = "";

        @Option(names = "--stop")
        List<String> stop = List.of();
    }

    @Command(name = "train")
    static final class Train {
        @Option(names = "--steps")
        int steps;
    }

    private static final Map<String, String> ENVIRONMENT = Map.of("LIZARD_MODEL", "m", "LIZARD_STOP", "x");

    private final CommandLine line =
            new CommandLine(new Root()).addSubcommand(new Talk()).addSubcommand(new Train());

    private ConfigLayers layers(String... args) {
        ConfigLayers layers = ConfigLayers.of(line, Arguments.scan(args), ENVIRONMENT);
        line.setDefaultValueProvider(layers);
        return layers.with(line.parseArgs(args));
    }

    @Test
    void namedFlagsLieOnTopOfTheTree() {
        ConfigLayers layers = layers("--seed=3", "talk", "--stop", "a", "--stop", "b", "--set", "model=n", "--json");
        assertThat(layers.tree().toNode())
                .hasToString("{\"model\":\"n\",\"seed\":\"3\",\"stop\":[\"a\",\"b\"],\"json\":true}");
        assertThat(layers.tree().origin("seed")).isEqualTo(new Origin(Origin.Layer.FLAG, "--seed"));
    }

    @Test
    void listsTakeNoVariable() {
        assertThat(layers("talk").tree().keys()).containsExactly("model");
    }

    @Test
    void aVariableOfAnotherCommandIsNoConfigurationKey() {
        ConfigLayers layers = layers("train", "--steps", "4");
        CommandLine train = line.getSubcommands().get("train");
        assertThat(layers.forCommand(train.getCommandSpec(), List.of("model", "steps"))
                        .tree()
                        .keys())
                .containsExactly("steps");
        assertThat(layers.forCommand(train.getCommandSpec(), List.of()).tree().keys())
                .containsExactly("model", "steps");
    }
}
