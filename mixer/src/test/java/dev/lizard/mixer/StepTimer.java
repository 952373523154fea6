package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Not a test: prints microseconds a layer for a step of generation, and milliseconds for 512 tokens, at real sizes. */
final class StepTimer {
    private static final HeadDims DIMS = new HeadDims(576, 9, 3, 64);
    private static final int LAYERS = 30;
    private static final int STEPS = 60;

    private StepTimer() {}

    public static void main(String[] arguments) {
        Engine.threads(1);
        try (Scope scope = Scope.open();
                Rotary rotary = Rotary.plain(100_000, DIMS.headWidth());
                Positions start = Positions.start(rotary)) {
            for (MixerSpec spec : List.of(
                    LizardSpec.of(Variant.JOINT, 64),
                    LizardSpec.of(Variant.SUM, 64),
                    slots(446, SlotType.INT8, 0),
                    slots(1024, SlotType.INT8, 2048),
                    slots(1024, SlotType.MODEL, 0),
                    new LolcatsSpec(128, 64, Branches.BOTH),
                    new WindowSpec(128, 4),
                    new SoftmaxSpec())) {
                List<Mixer> layers = new ArrayList<>();
                List<Mixer> frozen = new ArrayList<>();
                for (int i = 0; i < LAYERS; i++) {
                    Map<String, Tensor> parameters = spec.initial(DIMS, new RandomStream(i)).stream()
                            .collect(Collectors.toMap(MixerSpec.Parameter::name, MixerSpec.Parameter::initial));
                    layers.add(spec.create(DIMS, parameters));
                    frozen.add(layers.getLast().frozen(DType.FLOAT32, scope));
                }
                System.out.printf(
                        "%-15s %5d slots step %6.1f us, frozen %6.1f us, 512 tokens %6.1f ms, with gradients %6.1f"
                                + " ms%n",
                        spec.mixer(),
                        spec.slots(),
                        step(layers, start),
                        step(frozen, start),
                        pass(layers.getFirst(), start, false),
                        pass(layers.getFirst(), start, true));
            }
        }
    }

    private static LizardSpec slots(int slots, SlotType type, int limit) {
        SlotSpec exact = new SlotSpec(slots, SlotSpec.HIDDEN, type, limit, 1024);
        return new LizardSpec(Variant.JOINT, 64, 4, 64, 0, 32, 2048, Branches.BOTH, Far.NONE, exact);
    }

    /** CPU time of this thread, on which all work of one engine thread runs: a busy machine does not show in it. */
    private static long cpu() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    /** The least a layer over steps through all of them, after a prefill that fills all there is. */
    private static double step(List<Mixer> layers, Positions start) {
        try (Gradients off = Gradients.off();
                Scope scope = Scope.open()) {
            long read = 300 + layers.getFirst().spec().slots();
            MixerInput in = Fixtures.to(DType.FLOAT32, Fixtures.input(DIMS, 1, read, start, new RandomStream(2)));
            MixerInput one = Fixtures.to(DType.FLOAT32, Fixtures.input(DIMS, 1, 1, start, new RandomStream(3)));
            List<MixerState> states = new ArrayList<>();
            for (Mixer layer : layers) {
                MixerState state = layer.newState(1, DType.FLOAT32, Device.CPU);
                states.add(state);
                layer.advance(in, state);
            }
            double best = Double.POSITIVE_INFINITY;
            for (int i = 0; i < STEPS; i++) {
                long before = cpu();
                try (Positions at = Positions.of(start.rotary(), read + i)) {
                    MixerInput next = one.slice(0, 1, at);
                    for (int layer = 0; layer < LAYERS; layer++) {
                        try (Scope inner = Scope.open()) {
                            layers.get(layer).advance(next, states.get(layer));
                        }
                    }
                }
                best = Math.min(best, (cpu() - before) / 1e3 / LAYERS);
            }
            states.forEach(MixerState::close);
            return best;
        }
    }

    private static double pass(Mixer mixer, Positions start, boolean gradients) {
        try (Gradients mode = gradients ? Gradients.on() : Gradients.off();
                Scope scope = Scope.open()) {
            MixerInput in = Fixtures.to(DType.FLOAT32, Fixtures.input(DIMS, 1, 512, start, new RandomStream(2)));
            mixer.parameters().values().forEach(p -> p.requiresGrad(gradients));
            in.q().requiresGrad(gradients);
            in.k().requiresGrad(gradients);
            in.v().requiresGrad(gradients);
            double[] times = new double[9];
            for (int i = 0; i < times.length; i++) {
                long before = cpu();
                try (Scope inner = Scope.open()) {
                    Tensor y = mixer.forward(in, Form.CHUNK);
                    if (gradients) {
                        y.square().sum().backward();
                    }
                }
                times[i] = (cpu() - before) / 1e6;
            }
            return Arrays.stream(times).min().orElseThrow();
        }
    }
}
