package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** As {@link BenchModel}; one of random weights may have another mixer. */
final class BenchMixedModel extends BenchModel {
    @Option(names = "--student", paramLabel = "STUDENT", description = ModelOption.STUDENT_HELP)
    @Nullable
    String student;

    @Option(
            names = "--mixer",
            paramLabel = "NAME",
            description =
                    "The mixer of each layer of that model, of the kind's default sizes; its softmax if not given.")
    @Nullable
    String mixer;

    /** As results name it. */
    String name() {
        return model != null ? ModelPlace.lastName(place(model)) : Objects.requireNonNullElse(mixer, "softmax");
    }

    @Override
    String place(String named) {
        return ModelPlace.join(named, student);
    }

    @Override
    <T> T measure(Context context, Function<Decoder, T> measurement) {
        if (mixer != null && config == null) {
            throw LizardException.usage(
                    "--mixer has no effect: expected it beside --random-weights; give that too, or take it out");
        }
        if (student != null && model == null) {
            throw LizardException.usage(
                    "--student has no effect: expected it beside --model; give that too, or take it out");
        }
        return super.measure(context, decoder -> {
            if (mixer != null) {
                replaceMixers(decoder, mixer);
            }
            return measurement.apply(decoder);
        });
    }

    private static void replaceMixers(Decoder decoder, String name) {
        ObjectNode keys = JsonNodeFactory.instance.objectNode().put("mixer", name);
        MixerSpec spec = MixerSpecs.read(keys, decoder.headDims(), "--mixer");
        for (int layer = 0; layer < decoder.layers(); layer++) {
            Map<String, Tensor> parameters = new HashMap<>();
            try (Scope work = Scope.open()) {
                for (MixerSpec.Parameter parameter : spec.initial(decoder.headDims(), new RandomStream(layer))) {
                    parameters.put(
                            parameter.name(), decoder.own(parameter.initial().to(decoder.device())));
                }
            }
            decoder.replaceMixer(layer, spec.create(decoder.headDims(), parameters));
        }
    }
}
