package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the parts of {@link MixerContract} share: the mixer, its windows, random inputs. */
@ExtendWith(LiveTensors.class)
abstract class MixerUnderTest {
    static final HeadDims DIMS = new HeadDims(12, 4, 2, 8);
    static final List<Form> TRAINABLE = List.of(Form.PARALLEL, Form.CHUNK);

    final long seed = Long.getLong("lizard.test.seed", 20_260_101L);
    final RandomStream random = new RandomStream(seed);
    Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
    Positions start = Positions.start(rotary);

    /** The mixer under test with the given window and {@code features} of half a feature map. */
    abstract MixerSpec spec(int window, int features);

    /** Bytes that the state of {@code batch} sequences must hold after {@code tokens}. */
    abstract long stateBytes(int window, int batch, long tokens, int elementBytes);

    /** Windows under test. */
    List<Integer> windows() {
        return List.of(1, 4, 16);
    }

    /** Where the mixer lives: a subclass runs the whole contract on another device. */
    Device device() {
        return Device.CPU;
    }

    @BeforeEach
    void openRotary() {
        rotary = Rotary.plain(10_000, DIMS.headWidth());
        start = Positions.start(rotary);
    }

    @AfterEach
    void closeRotary() {
        start.close();
        rotary.close();
    }

    final Mixer mixer(MixerSpec spec, DType dtype) {
        return mixer(spec, dtype, Fixtures.parameters(spec, DIMS, random));
    }

    final Mixer mixer(MixerSpec spec, DType dtype, Map<String, Tensor> parameters) {
        Map<String, Tensor> there = new LinkedHashMap<>();
        parameters.forEach((name, tensor) -> there.put(name, tensor.to(dtype).to(device())));
        return spec.create(DIMS, there);
    }

    final Mixer mixer(int window, DType dtype) {
        return mixer(spec(window, 6), dtype);
    }

    /** Whole sequences. */
    final MixerInput input(DType dtype, long batch, long tokens) {
        return Fixtures.on(device(), Fixtures.to(dtype, Fixtures.input(DIMS, batch, tokens, start, random)));
    }

    /** {@code a} followed by {@code b}. */
    static MixerInput join(MixerInput a, MixerInput b) {
        return new MixerInput(
                Tensors.cat(1, a.x(), b.x()),
                Tensors.cat(2, a.q(), b.q()),
                Tensors.cat(2, a.k(), b.k()),
                Tensors.cat(2, a.v(), b.v()),
                a.at());
    }

    static Map<String, Tensor> leaves(MixerInput in) {
        Map<String, Tensor> leaves = new LinkedHashMap<>();
        leaves.put("x", in.x());
        leaves.put("q", in.q());
        leaves.put("k", in.k());
        leaves.put("v", in.v());
        leaves.values().forEach(leaf -> leaf.requiresGrad(true));
        return leaves;
    }

    final MixerInput of(Map<String, Tensor> leaves) {
        return new MixerInput(
                MixerSpec.need(leaves, "x"),
                MixerSpec.need(leaves, "q"),
                MixerSpec.need(leaves, "k"),
                MixerSpec.need(leaves, "v"),
                start);
    }
}
