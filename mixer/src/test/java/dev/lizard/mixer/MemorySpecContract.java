package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The contract of mixers that are one memory, once as published (window 1) and once with a window of 4 and two first
 * tokens beside it.
 */
abstract class MemorySpecContract extends MixerContract {
    /** As it is under test, with this beside it. */
    abstract MemorySpec spec(Near near);

    /** What head h reads [T][d] of tokens whose keys and values may be zero, before what follows. */
    abstract double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][] q,
            double[][] k,
            double[][] v);

    /** The same where heads are mixed before. */
    double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][][] q,
            double[][][] k,
            double[][][] v) {
        int g = h / DIMS.group();
        return read(spec, parameters, h, x, q[h], k[g], v[g]);
    }

    /** Numbers that the memory of one sequence holds. */
    abstract long memoryNumbers();

    @Override
    final MixerSpec spec(int window, int features) {
        return spec(window == 1 ? Near.NONE : new Near(window, 2, Branches.BOTH));
    }

    /** {@link Beside} is the same for all, so that not each need show it. */
    @Override
    List<Integer> windows() {
        return List.of(1);
    }

    /** A norm makes more of rounding where what is read nearly cancels. */
    @Override
    double roundingOfRows() {
        return 1e-4;
    }

    /** Each branch has a matrix and an end, and both together the sum of the matrices. */
    @Test
    @Override
    void theMaterialisedMatrixTimesTheValuesIsTheOutput() {
        compareMatrix(spec(Near.NONE));
        MixerSpec spec = spec(new Near(3, 2, Branches.BOTH));
        Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
        MixerInput in = input(DType.FLOAT64, 2, 37);
        Mixer mixer = mixer(spec, DType.FLOAT64, parameters);
        Tensor far = mixer(spec(new Near(3, 2, Branches.LINEAR)), DType.FLOAT64, parameters)
                .materialize(in);
        Tensor near = mixer(spec(new Near(3, 2, Branches.WINDOW)), DType.FLOAT64, parameters)
                .materialize(in);
        Tensor weight = weightOfFar(mixer, parameters, in);
        Tensor sum = far.mul(weight).add(near.mul(weight.neg().add(1)));
        assertThat(Fixtures.error(mixer.materialize(in), sum)).isLessThan(1e-9);
        compareMatrix(spec(new Near(3, 2, Branches.LINEAR)));
        compareMatrix(spec(new Near(3, 2, Branches.WINDOW)));
    }

    @Override
    boolean usesLayerInput() {
        return true;
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        return List.of(
                spec(new Near(0, 3, Branches.BOTH)),
                spec(new Near(3, 2, Branches.LINEAR)),
                spec(new Near(3, 2, Branches.WINDOW)));
    }

    @Override
    final long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long ring = window == 1 ? 0 : 2L * DIMS.keyHeads() * DIMS.headWidth() * (window + 2);
        return batch * (ring + memoryNumbers()) * Math.max(4, elementBytes);
    }

    @Override
    Tensor weightOfFar(Mixer mixer, Map<String, Tensor> parameters, MixerInput in) {
        Tensor logit = parameters.get("mix_logit");
        return logit == null
                ? Tensors.full(0.5, DType.FLOAT64, device(), 1)
                : logit.neg().sigmoid().view(1, DIMS.heads(), 1, 1).to(device());
    }

    @Override
    final Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        Near near = ((MemorySpec) spec).near();
        return new Twin() {
            @Override
            public double[][] run(int h, double[][] x, double[][] q, double[][] k, double[][] v) {
                throw new UnsupportedOperationException("heads may be mixed");
            }

            @Override
            public double[][] run(int h, double[][] x, double[][][] q, double[][][] k, double[][][] v) {
                double[][] o = read(spec, parameters, h, x, q, later(k, near.first()), later(v, near.first()));
                double[][] far = ended(((MemorySpec) spec).ending(), parameters, h, x, o);
                return near.present()
                        ? joined(near, parameters, h, far, q[h], k[h / DIMS.group()], v[h / DIMS.group()])
                        : far;
            }
        };
    }

    private static double[][] joined(
            Near near,
            Map<String, Tensor> parameters,
            int h,
            double[][] far,
            double[][] q,
            double[][] k,
            double[][] v) {
        int window = Math.max(1, near.window());
        double[][] exact = WindowTwin.run(q, k, v, FREQUENCIES, window, near.first(), new double[0]);
        double a = parameters.containsKey("mix_logit") ? Plain.sigmoid(number(parameters, "mix_logit", h)) : 0.5;
        double[][] y = new double[far.length][];
        for (int t = 0; t < far.length; t++) {
            y[t] = switch (near.branches()) {
                case WINDOW -> exact[t];
                case LINEAR -> far[t];
                case BOTH -> Plain.plus(scaled(far[t], 1 - a), a, exact[t]);
            };
        }
        return y;
    }

    private static double[][][] later(double[][][] heads, int first) {
        double[][][] kept = heads.clone();
        for (int g = 0; g < heads.length; g++) {
            kept[g] = later(heads[g], first);
        }
        return kept;
    }

    private static double[][] later(double[][] rows, int first) {
        double[][] kept = rows.clone();
        for (int t = 0; t < Math.min(first, rows.length); t++) {
            kept[t] = new double[rows[t].length];
        }
        return kept;
    }

    private static double[][] ended(
            Ending.Shape ending, Map<String, Tensor> parameters, int h, double[][] x, double[][] o) {
        double[][] y = new double[o.length][];
        for (int t = 0; t < o.length; t++) {
            double[] gate = ending.gated() ? gate(parameters, h, x[t], o[t].length) : null;
            double[] row = gate != null && ending.gateFirst() ? times(o[t], gate) : o[t];
            if (ending.norm() != Ending.Norm.NONE) {
                row = normed(row, ending.norm() == Ending.Norm.GROUP, parameters, h);
            }
            y[t] = gate != null && !ending.gateFirst() ? times(row, gate) : row;
        }
        return y;
    }

    private static double[] normed(double[] o, boolean centred, Map<String, Tensor> parameters, int h) {
        double mean = 0;
        for (double value : o) {
            mean += centred ? value / o.length : 0;
        }
        double square = 0;
        for (double value : o) {
            square += (value - mean) * (value - mean) / o.length;
        }
        double[] y = new double[o.length];
        for (int i = 0; i < o.length; i++) {
            y[i] = (o[i] - mean) / Math.sqrt(square + 1e-5) * number(parameters, "norm_weight", h * o.length + i);
        }
        return y;
    }

    private static double[] gate(Map<String, Tensor> parameters, int h, double[] x, int width) {
        double[][] weight = Plain.matrix(MixerSpec.need(parameters, "output_gate_weight"));
        double[] gate = new double[width];
        for (int i = 0; i < width; i++) {
            double z = Plain.dot(weight[h * width + i], x) + number(parameters, "output_gate_bias", h * width + i);
            gate[i] = z * Plain.sigmoid(z);
        }
        return gate;
    }

    static double[] times(double[] a, double[] b) {
        double[] y = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            y[i] = a[i] * b[i];
        }
        return y;
    }

    /** W x + b of a head of keys. */
    static double logit(Map<String, Tensor> parameters, String weight, String bias, int g, double[] x) {
        return Plain.dot(Plain.matrix(MixerSpec.need(parameters, weight))[g], x) + number(parameters, bias, g);
    }

    static double softplus(double x) {
        return Math.log1p(Math.exp(x));
    }

    static double[] scaled(double[] x, double factor) {
        return Plain.plus(new double[x.length], factor, x);
    }

    static MatrixMemoryTwin memory(int width) {
        return new MatrixMemoryTwin(new double[DIMS.headWidth()][width]);
    }
}
