package dev.lizard.cli;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Origin;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;
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
            paramLabel = "NAME[,KEY=VALUE...]",
            description = "The mixer of each layer of that model, of the kind's default sizes but for those given"
                    + " (lizard,far=none,first=4,slots=960); its softmax if not given.")
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

    /** Of such as {@code window,window=64,first=4}. */
    private static ObjectNode keys(String text) {
        String[] parts = text.split(",", -1);
        Origin flag = new Origin(Origin.Layer.FLAG, "--mixer");
        ConfigTree tree = ConfigTree.of(JsonNodeFactory.instance.objectNode().put("mixer", parts[0]), flag);
        for (String assignment : Arrays.asList(parts).subList(1, parts.length)) {
            tree = tree.set(assignment, flag);
        }
        return tree.toNode();
    }

    private static void replaceMixers(Decoder decoder, String name) {
        MixerSpec spec = MixerSpecs.read(keys(name), decoder.headDims(), "--mixer", LizardException.Kind.USAGE);
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
