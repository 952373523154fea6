package dev.lizard.mixer;

import dev.lizard.mixer.KvCacheSpec.Policy;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class KvCacheTest extends MixerContract {
    private static final int FIRST = 2;
    private static final int SLOTS = 5;

    @Override
    MixerSpec spec(int window, int features) {
        return new KvCacheSpec(window == 1 ? Policy.TOVA : Policy.H2O, window, FIRST, SLOTS, SlotType.MODEL, 40);
    }

    @Override
    List<Integer> windows() {
        return List.of(1, 4);
    }

    /** Key and value in the model's own type, a and the position. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long each = 2L * DIMS.headWidth() * elementBytes + Math.max(4, elementBytes) + 4;
        return batch * DIMS.keyHeads() * (window + FIRST + SLOTS) * each;
    }

    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        return new Twin() {
            @Override
            public double[][] run(int h, double[][] x, double[][] q, double[][] k, double[][] v) {
                throw new IllegalStateException("heads that share keys choose together");
            }

            @Override
            public double[][] run(int h, double[][] x, double[][][] queries, double[][][] keys, double[][][] values) {
                int g = h / DIMS.group();
                int from = g * DIMS.group();
                double[][][] own = Arrays.copyOfRange(queries, from, from + DIMS.group());
                return new KvCacheTwin((KvCacheSpec) spec, FREQUENCIES).run(own, keys[g], values[g])[h - from];
            }
        };
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        return List.of(
                new KvCacheSpec(Policy.H2O, 16, 0, 16, SlotType.INT8, 0),
                new KvCacheSpec(Policy.TOVA, 4, 90, 3, SlotType.INT8, 0),
                new KvCacheSpec(Policy.H2O, 9, 3, 1, SlotType.MODEL, 13),
                new KvCacheSpec(Policy.TOVA, 1, 0, 20, SlotType.MODEL, 0));
    }

    @Tag("gpu")
    static class OnCuda extends KvCacheTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
