package dev.lizard.eval.frontier;

import dev.lizard.base.BadSetting;
import dev.lizard.base.BuiltIns;
import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.base.Setting;
import dev.lizard.eval.recall.Mqar;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which models are trained on which recall, as data.
 *
 * @param vocabulary V of the task and the models, even
 * @param length T of training and test sequences, even
 * @param pairs of a key and a value: sequences of these take turns in training, and each is tested
 * @param power how the distance to a question falls off: 0.01 asks soon, 1 anywhere
 * @param filler random tokens between the questions instead of zeros
 * @param layers L
 * @param heads H, whose keys are not shared
 * @param widths D, each a model of its own
 * @param mlp width of the MLPs as a multiple of D
 * @param stacks the mixers of the layers
 * @param seeds how many: the run's own and those after it
 * @param learningRates tried in turn until one reaches {@code enough}; the best counts
 * @param batch B
 * @param steps most updates of a model
 * @param warmup share of them that rise
 * @param weightDecay on matrices
 * @param testEvery updates between tests
 * @param tested sequences of a test, for each of {@code pairs}
 * @param enough accuracy at which training ends early
 */
public record FrontierPlan(
        @Setting(byDefault = "256", min = 4, max = 1 << 20) int vocabulary,
        @Setting(byDefault = "64", min = 4, max = 1 << 20) int length,
        @Setting(byDefault = "[8]", min = 1, max = 1 << 20) List<Integer> pairs,
        @Setting(byDefault = "1", min = 0, max = 1) double power,
        @Setting(byDefault = "false") boolean filler,
        @Setting(byDefault = "2", min = 1, max = 64) int layers,
        @Setting(byDefault = "1", min = 1, max = 1024) int heads,
        @Setting(byDefault = "[64]", min = 2, max = 8192) List<Integer> widths,
        @Setting(byDefault = "1", above = 0, max = 16) double mlp,
        List<Stack> stacks,
        @Setting(byDefault = "2", min = 1, max = 1000) int seeds,
        @Setting(byDefault = "[3e-3]", above = 0, max = 1) List<Double> learningRates,
        @Setting(byDefault = "128", min = 1, max = 1 << 20) int batch,
        @Setting(byDefault = "700", min = 1, max = 1e9) long steps,
        @Setting(byDefault = "0.1", min = 0, max = 1) double warmup,
        @Setting(byDefault = "0.1", min = 0, max = 1) double weightDecay,
        @Setting(byDefault = "100", min = 1, max = 1e9) long testEvery,
        @Setting(byDefault = "256", min = 1, max = 1 << 20) int tested,
        @Setting(byDefault = "0.995", above = 0, max = 1) double enough) {
    private static final BuiltIns BUILT_IN =
            new BuiltIns(FrontierPlan.class, "", List.of("small", "full"), "plan", "--plan");

    /**
     * The mixers of a model's layers.
     *
     * @param name stacks of one name are one line of the frontier
     * @param layers one mixer for all layers, or one for each, as in a recipe
     */
    public record Stack(String name, List<ObjectNode> layers) {}

    public FrontierPlan {
        for (int count : pairs) {
            try {
                new Mqar(vocabulary, length, count, power, filler);
            } catch (IllegalArgumentException e) {
                throw new BadSetting("pairs", e.getMessage() + "; change one of them");
            }
        }
        require("pairs", pairs);
        require("widths", widths);
        require("stacks", stacks);
        require("learning_rates", learningRates);
        for (int i = 0; i < stacks.size(); i++) {
            int found = stacks.get(i).layers().size();
            if (found != 1 && found != layers) {
                throw new BadSetting(
                        "stacks." + i + ".layers",
                        "expected one mixer, or %d as there are layers, but found %d; correct the list"
                                .formatted(layers, found));
            }
        }
        for (int width : widths) {
            if (width % (2 * heads) != 0) {
                throw new BadSetting(
                        "widths",
                        "expected multiples of %d, twice the heads, but found %d; change it or heads"
                                .formatted(2 * heads, width));
            }
        }
    }

    private static void require(String key, List<?> values) {
        if (values.isEmpty()) {
            throw new BadSetting(key, "expected at least one but found none");
        }
    }

    /**
     * The plan of a built-in name or of a YAML file, to be laid under flags and bound.
     *
     * @throws LizardException USAGE where it is neither
     */
    public static ConfigTree find(String nameOrFile) {
        return BUILT_IN.find(nameOrFile);
    }

    /**
     * The stacks of these names, or all where none is given.
     *
     * @throws LizardException USAGE for a name that the plan does not have
     */
    List<Stack> only(List<String> names) {
        Set<String> known = new LinkedHashSet<>(stacks.stream().map(Stack::name).toList());
        for (String name : names) {
            if (!known.contains(name)) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "unknown stack",
                        "--mixers",
                        "some of " + String.join(", ", known),
                        "'" + name + "'",
                        Nearest.hint(name, known));
            }
        }
        return names.isEmpty()
                ? stacks
                : stacks.stream().filter(stack -> names.contains(stack.name())).toList();
    }

    Mqar task(int count) {
        return new Mqar(vocabulary, length, count, power, filler);
    }

    /** As results name it. */
    String taskName() {
        return "mqar, V %d, T %d".formatted(vocabulary, length)
                + (power == 1 ? "" : ", a " + power)
                + (filler ? ", filler" : "");
    }
}
