package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.mixer.MixerSpec.Parameter;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@link LizardSpec} learns: names, shapes and initial values. */
record LizardParameters(LizardSpec spec, HeadDims dims) {
    private boolean shared() {
        return spec.variant() == Variant.LITERAL;
    }

    private int rows() {
        return shared() ? 1 : dims.heads();
    }

    Map<String, long[]> shapes() {
        long rows = rows();
        long[] map = {dims.heads(), dims.headWidth(), spec.features()};
        boolean gated = spec.far() == Far.GATED;
        Map<String, long[]> shapes = new LinkedHashMap<>();
        if (gated) {
            shapes.put(LizardSpec.QUERY_MAP, map);
            shapes.put(LizardSpec.KEY_MAP, map);
            shapes.put(LizardSpec.GATE_WEIGHT, new long[] {rows, dims.width()});
            if (!shared()) {
                shapes.put(LizardSpec.GATE_BIAS, new long[] {rows});
            }
        }
        if (spec.meta() > 0) {
            shapes.put(Sinks.NAME, new long[] {rows, spec.meta()});
        }
        if (spec.exact().learned()) {
            SlotScore.shapes(dims, spec.exact().hidden(), shapes);
        }
        if (gated) {
            switch (spec.variant()) {
                case JOINT -> shapes.put(LizardSpec.WINDOW_LOGIT, new long[] {rows});
                case SUM -> shapes.put(LizardSpec.MIX_LOGIT, new long[] {rows});
                case LITERAL -> shapes.put(LizardSpec.ALPHA, new long[] {1});
            }
        }
        return shapes;
    }

    List<Parameter> initial(RandomStream random) {
        List<Parameter> parameters = new ArrayList<>();
        if (spec.far() == Far.NONE) {
            addExact(parameters, random);
            return parameters;
        }
        int rows = rows();
        parameters.add(new Parameter(LizardSpec.QUERY_MAP, Hedgehog.identity(dims, spec.features(), 1), "maps"));
        parameters.add(new Parameter(LizardSpec.KEY_MAP, Hedgehog.identity(dims, spec.features(), 1), "maps"));
        Tensor gate = Tensors.of(new float[rows * dims.width()], rows, dims.width());
        parameters.add(new Parameter(LizardSpec.GATE_WEIGHT, gate, "gate"));
        if (!shared()) {
            Tensor biases = LogGates.biases(dims.heads(), spec.shortestHalfLife(), spec.longestHalfLife());
            parameters.add(new Parameter(LizardSpec.GATE_BIAS, biases, "gate"));
        }
        addExact(parameters, random);
        switch (spec.variant()) {
            case JOINT ->
                parameters.add(new Parameter(
                        LizardSpec.WINDOW_LOGIT, constant(dims.heads(), (float) Math.log(spec.windowFactor())), "mix"));
            case SUM -> parameters.add(new Parameter(LizardSpec.MIX_LOGIT, constant(dims.heads(), -2.2f), "mix"));
            case LITERAL -> parameters.add(new Parameter(LizardSpec.ALPHA, constant(1, 1), "mix"));
        }
        return parameters;
    }

    /** What softmax over exact keys learns. */
    private void addExact(List<Parameter> parameters, RandomStream random) {
        if (spec.meta() > 0) {
            parameters.add(new Parameter(Sinks.NAME, Sinks.initial(rows(), spec.meta(), random), "mix"));
        }
        if (spec.exact().learned()) {
            parameters.addAll(SlotScore.initial(dims, spec.exact().hidden(), random));
        }
    }

    private static Tensor constant(int count, float value) {
        float[] values = new float[count];
        Arrays.fill(values, value);
        return Tensors.of(values, count);
    }
}
