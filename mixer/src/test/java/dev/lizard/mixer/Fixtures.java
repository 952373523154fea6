package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Random inputs and parameters, and comparisons. */
final class Fixtures {
    private Fixtures() {}

    /** Standard normal numbers in float64. */
    static Tensor normal(RandomStream random, double deviation, long... shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        double[] values = new double[Math.toIntExact(count)];
        for (int i = 0; i < values.length; i++) {
            values[i] = deviation * random.nextGaussian();
        }
        return Tensors.of(values, shape);
    }

    static MixerInput input(HeadDims dims, long batch, long tokens, Positions at, RandomStream random) {
        return new MixerInput(
                normal(random, 1, batch, tokens, dims.width()),
                normal(random, 1.5, batch, dims.heads(), tokens, dims.headWidth()),
                normal(random, 1.5, batch, dims.keyHeads(), tokens, dims.headWidth()),
                normal(random, 1, batch, dims.keyHeads(), tokens, dims.headWidth()),
                at);
    }

    /** Parameters far from their initial values, so that each one matters; float64. */
    static Map<String, Tensor> parameters(MixerSpec spec, HeadDims dims, RandomStream random) {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        for (MixerSpec.Parameter parameter : spec.initial(dims, random)) {
            Tensor initial = parameter.initial().to(DType.FLOAT64);
            if (parameter.name().equals("sink")) {
                initial = initial.mul(0); // from negligible to comparable with a key's score
            }
            if (parameter.name().equals("gate_bias")) {
                initial = initial.mul(0.3); // half-lives of a few tokens
            }
            parameters.put(parameter.name(), initial.add(normal(random, 0.4, initial.shape())));
        }
        return parameters;
    }

    static MixerInput to(DType dtype, MixerInput in) {
        return new MixerInput(
                in.x().to(dtype), in.q().to(dtype), in.k().to(dtype), in.v().to(dtype), in.at());
    }

    static MixerInput on(Device device, MixerInput in) {
        return new MixerInput(
                in.x().to(device), in.q().to(device), in.k().to(device), in.v().to(device), in.at());
    }

    static Map<String, Tensor> to(DType dtype, Map<String, Tensor> parameters) {
        Map<String, Tensor> result = new LinkedHashMap<>();
        parameters.forEach((name, tensor) -> result.put(name, tensor.to(dtype)));
        return result;
    }

    /** Largest difference over the largest expected magnitude; infinite where a shape or a number is wrong. */
    static double error(Tensor actual, Tensor expected) {
        try (Scope scope = Scope.open()) {
            assertThat(actual.shape()).containsExactly(expected.shape());
            Tensor wide = actual.detach().to(DType.FLOAT64).to(Device.CPU);
            Tensor right = expected.detach().to(DType.FLOAT64).to(Device.CPU);
            if (!wide.allFinite() || !right.allFinite()) {
                return Double.POSITIVE_INFINITY;
            }
            double largest = right.abs().amax().item();
            double difference = wide.sub(right).abs().amax().item();
            return largest == 0 ? difference : difference / largest;
        }
    }

    /** What two forms may differ by: rounding. */
    static double tolerance(DType dtype) {
        return dtype == DType.FLOAT64 ? 1e-9 : 1e-4;
    }

    /** A state with the number of tokens each of its rows has read. */
    record Running(MixerState state, long[] read) implements AutoCloseable {
        /** One more call for all rows: [B, H, T, e]. */
        Tensor advance(Mixer mixer, MixerInput in, Rotary rotary) {
            try (Positions at = Positions.of(rotary, read)) {
                Tensor y = mixer.advance(new MixerInput(in.x(), in.q(), in.k(), in.v(), at), state);
                for (int row = 0; row < read.length; row++) {
                    read[row] += in.tokens();
                }
                return y;
            }
        }

        Running fork() {
            return new Running(state.fork(), read.clone());
        }

        @Override
        public void close() {
            state.close();
        }
    }

    /** Continues {@code state} with the given lengths of {@code in}, one call each: [B, H, T, e]. */
    static Tensor advance(Mixer mixer, MixerInput in, Running state, long... lengths) {
        List<Tensor> parts = new ArrayList<>();
        long from = 0;
        for (long length : lengths) {
            parts.add(state.advance(
                    mixer, in.slice(from, length, in.at()), in.at().rotary()));
            from += length;
        }
        assertThat(from).isEqualTo(in.tokens());
        return Tensors.cat(parts, 2);
    }

    static Running state(Mixer mixer, MixerInput in) {
        return state(mixer, in, in.q().device());
    }

    static Running state(Mixer mixer, MixerInput in, Device device) {
        int batch = (int) in.batch();
        return new Running(mixer.newState(batch, in.q().dtype(), device), new long[batch]);
    }
}
