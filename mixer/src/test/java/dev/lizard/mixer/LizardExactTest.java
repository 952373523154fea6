package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

/** First tokens, a window and slots, nothing else. */
class LizardExactTest extends MixerContract {
    static final int FIRST = 2;
    static final int SLOTS = 5;

    Far far() {
        return Far.NONE;
    }

    SlotSpec exact(int slots, int limit) {
        return new SlotSpec(slots, 7, SlotType.MODEL, limit, limit == 0 ? 0 : 500);
    }

    final LizardSpec spec(int window, int first, int meta, Branches branches, SlotSpec exact) {
        return new LizardSpec(Variant.JOINT, window, first, 6, meta, 4, 64, branches, far(), exact);
    }

    @Override
    MixerSpec spec(int window, int features) {
        SlotSpec exact = exact(SLOTS, 40);
        return new LizardSpec(Variant.JOINT, window, FIRST, features, 0, 4, 64, Branches.BOTH, far(), exact);
    }

    @Override
    boolean learnsByOutputs(String parameter) {
        return !parameter.startsWith("score_");
    }

    /** Ring and slots in the model's own type, each with its score and each slot with its position. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long wide = Math.max(4, elementBytes);
        long ring = (window + FIRST) * (2L * DIMS.headWidth() + 1) * wide;
        long slots = SLOTS * (2L * DIMS.headWidth() * elementBytes + wide + 4);
        return batch * DIMS.keyHeads() * (ring + slots);
    }

    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        return new Twin() {
            @Override
            public double[][] run(int h, double[][] x, double[][] q, double[][] k, double[][] v) {
                throw new IllegalStateException("scores are of all heads");
            }

            @Override
            public double[][] run(int h, double[][] x, double[][] q, double[][][] keys, double[][][] values) {
                return twin((LizardSpec) spec, parameters, h).run(h / DIMS.group(), x, q, keys, values);
            }
        };
    }

    static ExactTwin twin(LizardSpec spec, Map<String, Tensor> parameters, int h) {
        Tensor sinks = parameters.get(Sinks.NAME);
        double[] own = sinks == null ? new double[0] : Plain.matrix(sinks)[h];
        LizardTwin far = spec.far() == Far.NONE
                ? null
                : new LizardTwin(
                        spec,
                        Plain.matrix(
                                MixerSpec.need(parameters, LizardSpec.QUERY_MAP).select(0, h)),
                        Plain.matrix(
                                MixerSpec.need(parameters, LizardSpec.KEY_MAP).select(0, h)),
                        Plain.matrix(MixerSpec.need(parameters, LizardSpec.GATE_WEIGHT))[h],
                        number(parameters, LizardSpec.GATE_BIAS, h),
                        own,
                        Math.exp(number(parameters, LizardSpec.WINDOW_LOGIT, h)));
        Map<String, double[][]> score = spec.exact().learned() ? ExactTwin.score(parameters) : Map.of();
        return new ExactTwin(spec, score, own, far, FREQUENCIES);
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        List<MixerSpec> specs = new ArrayList<>();
        for (int first : new int[] {0, 3, 90}) {
            for (int slots : new int[] {1, 17, 100}) {
                specs.add(spec(4, first, 0, Branches.BOTH, exact(slots, 0)));
            }
            specs.add(spec(9, first, 3, Branches.BOTH, exact(8, 9 + first)));
        }
        specs.add(spec(4, 3, 2, Branches.BOTH, exact(0, 30)));
        return specs;
    }

    @Tag("gpu")
    static class OnCuda extends LizardExactTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
