package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.RecordedWork;
import dev.lizard.tensor.kernel.SlotDecodeKernel;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kernel of a token with slots against the mixer's composed steps on the CPU: outputs and state. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class SlotDecodeKernelTest {
    private static final Device CUDA = Device.cuda(0);
    private static final long SEED = 20_261_130;

    private static LizardSpec spec(int window, int first, int slots, SlotType type, int limit, int meta) {
        SlotSpec exact = new SlotSpec(slots, 16, type, limit, limit == 0 ? 0 : 300);
        return new LizardSpec(Variant.JOINT, window, first, 6, meta, 4, 64, Branches.BOTH, Far.NONE, exact);
    }

    /** The same mixer with parameters on the card, ready to generate. */
    private static Mixer there(
            MixerSpec spec, HeadDims dims, Map<String, Tensor> parameters, DType dtype, Scope owner) {
        Map<String, Tensor> there = new LinkedHashMap<>();
        parameters.forEach((name, tensor) -> there.put(name, tensor.to(CUDA)));
        return spec.create(dims, there).frozen(dtype, owner);
    }

    private static MixerInput on(Device device, MixerInput in) {
        return Fixtures.on(
                device,
                new MixerInput(
                        in.x().contiguous(),
                        in.q().contiguous(),
                        in.k().contiguous(),
                        in.v().contiguous(),
                        in.at()));
    }

    /** Lets row {@code row} of each state read its first {@code tokens}, on the CPU: slots then lie in one order in both. */
    private static void begin(Mixer cpu, MixerInput in, int row, int tokens, List<Fixtures.Running> states) {
        if (tokens > 0) {
            MixerInput own = in.slice(0, tokens, in.at()).row(row, in.at());
            try (Scope work = Scope.open();
                    Fixtures.Running alone = Fixtures.state(cpu, own)) {
                alone.advance(cpu, own, in.at().rotary());
                for (Fixtures.Running rows : states) {
                    rows.state().put(row, alone.state(), 0);
                    rows.read()[row] = tokens;
                }
            }
        }
    }

    /** Rows begin at different places, slots fill and overflow on the way; the last sizes have several blocks a head. */
    @ParameterizedTest
    @CsvSource({
        "64, 9, 3, 16, 4, 40, INT8, 0, 0, 3, FLOAT32",
        "64, 9, 3, 16, 4, 40, MODEL, 60, 2, 3, FLOAT32",
        "64, 2, 2, 5, 0, 1, INT8, 9, 0, 1, FLOAT32",
        "64, 9, 3, 16, 4, 40, INT8, 40, 0, 5, BFLOAT16",
        "64, 9, 3, 16, 4, 40, MODEL, 0, 0, 2, BFLOAT16",
        "128, 8, 1, 12, 3, 50, INT8, 30, 3, 4, BFLOAT16",
        "128, 4, 4, 12, 3, 50, MODEL, 0, 0, 2, FLOAT32",
        "128, 16, 8, 7, 1, 33, INT8, 0, 0, 70, FLOAT32",
        "64, 9, 3, 60, 4, 700, INT8, 600, 0, 2, FLOAT32",
        "64, 9, 3, 60, 4, 1500, INT8, 0, 0, 1, FLOAT32"
    })
    void outputsAndStateAreThoseOfTheCpu(
            int width,
            int heads,
            int groups,
            int window,
            int first,
            int slots,
            SlotType type,
            int limit,
            int meta,
            int batch,
            DType dtype) {
        RandomStream random = new RandomStream(SEED);
        HeadDims dims = new HeadDims(96, heads, groups, width);
        LizardSpec spec = spec(window, first, slots, type, limit, meta);
        int steps = 160;
        int before = Math.max(0, window + first + slots - steps / 2); // so that slots overflow on the way
        try (Scope owner = Scope.owner();
                Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, width);
                Positions start = Positions.start(rotary)) {
            Map<String, Tensor> parameters = Fixtures.to(DType.FLOAT32, Fixtures.parameters(spec, dims, random));
            MixerInput in = Fixtures.to(dtype, Fixtures.input(dims, batch, before + steps, start, random));
            Mixer cpu = spec.create(dims, parameters);
            Mixer cuda = there(spec, dims, parameters, dtype, owner);
            assertThat(SlotDecodeKernel.serves(width, dims.group(), dtype, CUDA))
                    .isTrue();
            try (Fixtures.Running expected = Fixtures.state(cpu, in);
                    Fixtures.Running actual = Fixtures.state(cuda, in, CUDA)) {
                for (int row = 0; row < batch; row++) {
                    int own = before == 0 ? 0 : (before + 37 * row) % (before + 1);
                    begin(cpu, in, row, own, List.of(expected, actual));
                }
                double worst = 0;
                for (int t = before; t < before + steps; t++) {
                    try (Scope step = Scope.open()) {
                        Tensor right = expected.advance(cpu, in.slice(t, 1, start), rotary);
                        Tensor found = actual.advance(cuda, on(CUDA, in.slice(t, 1, start)), rotary);
                        worst = Math.max(worst, Fixtures.error(found.to(Device.CPU), right));
                    }
                }
                System.out.printf("%s %s: outputs %.2e%n", spec.exact(), dtype, worst);
                assertThat(worst).isLessThan(dtype == DType.FLOAT32 ? 2e-5 : 1e-2);
                expected.state().tensors().forEach((name, right) -> {
                    Tensor found = actual.state().get(name).to(Device.CPU).to(DType.FLOAT64);
                    if (name.endsWith("scores") || name.endsWith("marks")) {
                        assertSameScores(name, found, right.to(DType.FLOAT64));
                    } else {
                        assertThat(Fixtures.error(found, right.to(DType.FLOAT64)))
                                .as(name)
                                .isLessThan(1e-12);
                    }
                });
            }
        }
    }

    /** The last bit of a score decides at borders of the grid: one in two hundred may be its neighbour there. */
    private static void assertSameScores(String name, Tensor found, Tensor expected) {
        Tensor difference = found.sub(expected).abs();
        assertThat(difference.amax().item()).as(name).isLessThan(1.01 / SlotScore.GRID);
        assertThat(difference
                        .lt(1e-4)
                        .to(DType.FLOAT64)
                        .reshape(-1)
                        .mean(0, false)
                        .item())
                .as(name)
                .isGreaterThan(0.995);
    }

    /** A recording serves all positions: what is read and written follows the counts on the device. */
    @Test
    void aRecordedStepIsReplayedWhereverTheRowsAre() {
        RandomStream random = new RandomStream(SEED);
        HeadDims dims = new HeadDims(96, 9, 3, 64);
        LizardSpec spec = spec(8, 2, 24, SlotType.INT8, 50, 0);
        int steps = 120;
        try (Scope owner = Scope.owner();
                Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, 64);
                Positions start = Positions.start(rotary)) {
            Map<String, Tensor> parameters = Fixtures.to(DType.FLOAT32, Fixtures.parameters(spec, dims, random));
            MixerInput in = Fixtures.to(DType.FLOAT32, Fixtures.input(dims, 2, steps, start, random));
            Mixer cpu = spec.create(dims, parameters);
            Mixer cuda = there(spec, dims, parameters, DType.FLOAT32, owner);
            MixerInput fed = on(CUDA, in.slice(0, 1, start));
            Tensor y = Tensors.zeros(DType.FLOAT32, CUDA, 2, 9, 1, 64);
            Tensor read = Tensors.of(new long[] {0, 0}, 2).to(CUDA);
            try (Fixtures.Running expected = Fixtures.state(cpu, in);
                    MixerState state = cuda.newState(2, DType.FLOAT32, CUDA)) {
                Runnable step = () -> {
                    try (Scope work = Scope.open();
                            Positions at = Positions.on(rotary, read, 0)) {
                        y.copy_(cuda.step(new MixerInput(fed.x(), fed.q(), fed.k(), fed.v(), at), state));
                        read.add_(1);
                    }
                };
                RecordedWork work = RecordedWork.record(CUDA, step, step);
                double worst = 0;
                for (int t = 0; t < steps; t++) {
                    try (Scope each = Scope.open()) {
                        MixerInput next = in.slice(t, 1, start);
                        Tensor right = expected.advance(cpu, next, rotary);
                        if (t > 0) { // the first was run when the work was recorded
                            fed.x().copy_(next.x().to(CUDA));
                            fed.q().copy_(next.q().to(CUDA));
                            fed.k().copy_(next.k().to(CUDA));
                            fed.v().copy_(next.v().to(CUDA));
                            work.replay();
                        }
                        worst = Math.max(worst, Fixtures.error(y.to(Device.CPU), right));
                    }
                }
                Engine.synchronize(CUDA);
                work.close();
                assertThat(read.to(Device.CPU).longs()).containsExactly(steps, steps);
                assertThat(worst).isLessThan(2e-5);
            }
        }
    }

    /** At SmolLM2's shape: prints how long a layer's step takes, replayed, for batches of all sizes. */
    @Test
    void aLayersStepIsTimed() {
        HeadDims dims = new HeadDims(576, 9, 3, 64);
        SlotSpec exact = new SlotSpec(1024, SlotSpec.HIDDEN, SlotType.INT8, 2048, 1024);
        LizardSpec spec = new LizardSpec(Variant.JOINT, 128, 4, 64, 0, 32, 2048, Branches.BOTH, Far.NONE, exact);
        try (Scope owner = Scope.owner();
                Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(100_000, 64);
                Positions start = Positions.start(rotary)) {
            RandomStream random = new RandomStream(SEED);
            Map<String, Tensor> parameters = Fixtures.to(DType.FLOAT32, Fixtures.parameters(spec, dims, random));
            Mixer mixer = there(spec, dims, parameters, DType.BFLOAT16, owner);
            MixerInput prompt = on(CUDA, Fixtures.to(DType.BFLOAT16, Fixtures.input(dims, 1, 1400, start, random)));
            for (int batch : new int[] {1, 4, 16, 64, 512}) {
                MixerInput in = on(CUDA, Fixtures.to(DType.BFLOAT16, Fixtures.input(dims, batch, 1, start, random)));
                try (Fixtures.Running one = Fixtures.state(mixer, prompt, CUDA)) {
                    one.advance(mixer, prompt, rotary);
                    long[] places = new long[batch];
                    Arrays.fill(places, 1400);
                    Tensor read = Tensors.of(places, batch).to(CUDA);
                    int layers = 30;
                    List<MixerState> states = java.util.stream.IntStream.range(0, layers)
                            .mapToObj(i -> one.state().take(new int[batch]))
                            .toList();
                    Runnable step = () -> {
                        try (Scope work = Scope.open();
                                Positions at = Positions.on(rotary, read, 1400)) {
                            states.forEach(
                                    state -> mixer.step(new MixerInput(in.x(), in.q(), in.k(), in.v(), at), state));
                            read.add_(1);
                        }
                    };
                    RecordedWork work = RecordedWork.record(CUDA, step, step);
                    double best = Double.POSITIVE_INFINITY;
                    for (int run = 0; run < 5; run++) {
                        Engine.synchronize(CUDA);
                        long begin = System.nanoTime();
                        for (int i = 0; i < 20; i++) {
                            work.replay();
                        }
                        Engine.synchronize(CUDA);
                        best = Math.min(best, (System.nanoTime() - begin) / 20e3);
                    }
                    work.close();
                    states.forEach(MixerState::close);
                    System.out.printf(
                            "exact slots, H 9, G 3, d 64, w 128, m 4, K 1024 int8, bfloat16, batch %d:"
                                    + " %.1f us a step of %d mixers, %.2f us each%n",
                            batch, best, layers, best / layers);
                    assertThat(best).isPositive();
                }
            }
        }
    }
}
