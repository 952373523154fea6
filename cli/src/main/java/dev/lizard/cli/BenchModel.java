package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.model.Decoder;
import dev.lizard.model.ModelConfig;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.RandomStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/** The model that a {@code bench} command measures: one that people have, or one of random weights. */
class BenchModel {
    @Option(names = "--model", paramLabel = "MODEL", description = ModelPlace.HELP)
    @Nullable
    String model;

    @Option(
            names = "--random-weights",
            paramLabel = "CONFIG.json",
            description = "A model of this configuration with random weights instead: enough for speed.")
    @Nullable
    Path config;

    private @Nullable OpenModel open;

    /**
     * Opens the model for the length of a measurement.
     *
     * @throws LizardException USAGE unless one of the two options is given
     */
    <T> T measure(Context context, Function<Decoder, T> measurement) {
        if (model != null && config == null) {
            try (OpenModel files = ModelPlace.open(place(model), context)) {
                open = files;
                return measurement.apply(files.decoder());
            }
        }
        if (config != null && model == null) {
            try (Decoder decoder = random(config, context)) {
                return measurement.apply(decoder);
            }
        }
        throw LizardException.usage("expected one of --model and --random-weights but found %s; give one"
                .formatted(model == null ? "neither" : "both"));
    }

    /** The checksum of the model under measurement; none of one with random weights. */
    Optional<String> sha256() {
        return Optional.ofNullable(open).map(OpenModel::sha256);
    }

    /** The argument for {@link ModelPlace}. */
    String place(String named) {
        return named;
    }

    /** A teacher with random weights, of the configuration in {@code file}. */
    private static Decoder random(Path file, Context context) {
        if (!(Json.read(file, LizardException.Kind.INPUT) instanceof ObjectNode node)) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "no config",
                    file,
                    "a JSON object",
                    "something else",
                    "give a model's config.json");
        }
        ModelConfig config = ModelConfig.of(node, file.toString());
        config.notes().forEach(context.console()::warn);
        return Decoder.random(config, new RandomStream(0), context.dtype(), context.device());
    }
}
