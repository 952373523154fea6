package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The mixer of a {@link MambaSpec}: its convolution, what the token selects, the scan and the gate. */
record Mamba(MambaSpec spec, HeadDims dims, Map<String, Tensor> parameters) implements Mixer {
    /** h [B, E, N]. */
    static final String STATES = "scan.states";
    /** Values of the tokens that the convolution still sees [B, G, 3, d]. */
    static final String TAIL = "scan.tail";

    private static final int TAPS = MambaSpec.TAPS;

    /** A parameter in the type that is computed in. */
    private Tensor parameter(String name, DType dtype) {
        return MixerSpec.need(parameters, name).to(dtype);
    }

    /** Values as they stand behind those of the last tokens before [B, G, 3 + T, d]. */
    private static Tensor behind(Tensor tail, MixerInput in) {
        return Tensors.cat(2, tail, in.v());
    }

    private Tensor noTail(MixerInput in) {
        return Tensors.zeros(in.v().dtype(), in.v().device(), in.batch(), dims.keyHeads(), TAPS - 1L, dims.headWidth());
    }

    /** u [B, T, E] of values behind their tail [B, G, 3 + T, d]. */
    private Tensor channels(MixerInput in, Tensor values) {
        DType dtype = values.dtype();
        Tensor taps = parameter(MambaSpec.CONV_WEIGHT, dtype); // [H, 4, d]
        Tensor sum = parameter(MambaSpec.CONV_BIAS, dtype).unsqueeze(1); // [H, 1, d]
        for (int i = 0; i < TAPS; i++) {
            Tensor v = values.narrow(2, i, in.tokens()); // [B, G, T, d]
            Tensor near = seen(in, v, TAPS - 1L - i);
            Tensor heads = dims.group() == 1 ? near : near.repeatInterleave(dims.group(), 1);
            sum = heads.mul(taps.narrow(1, i, 1)).add(sum); // [B, H, T, d]
        }
        return sum.silu().transpose(1, 2).reshape(in.batch(), in.tokens(), MixerSizes.rows(dims));
    }

    /** Values that stand {@code lag} before their tokens, 0 where that is another document. */
    private static Tensor seen(MixerInput in, Tensor values, long lag) {
        Tensor documents = in.at().documents();
        if (documents == null || lag == 0) {
            return values;
        }
        Tensor place = Tensors.arange(-lag, in.tokens() - lag, values.device());
        Tensor own = documents.le(place).to(values.dtype()); // [B, T]
        return values.mul(own.unsqueeze(1).unsqueeze(-1));
    }

    /** What the scan is made of; u [B, T, E] may be a leaf of a tape. */
    private SelectiveScan.Inputs selected(MixerInput in, Tensor u) {
        DType dtype = u.dtype();
        Tensor bias = parameter(MambaSpec.STEP_BIAS, dtype);
        long n = spec.state();
        Tensor a = parameter(MambaSpec.DECAY, dtype).exp().neg(); // [E, N]
        if (!spec.selective()) {
            Tensor step = softplus(bias).expand(u.size(0), u.size(1), u.size(2));
            return new SelectiveScan.Inputs(
                    u, step, a, constant(MambaSpec.INPUT, u), constant(MambaSpec.OUTPUT, u), starts(in, dtype));
        }
        Tensor all = u.linear(parameter(MambaSpec.STATE_WEIGHT, dtype), null); // [B, T, R + 2 N]
        long rank = all.size(2) - 2 * n;
        Tensor step = softplus(all.narrow(2, 0, rank).linear(parameter(MambaSpec.STEP_WEIGHT, dtype), bias));
        return new SelectiveScan.Inputs(
                u, step, a, all.narrow(2, rank, n), all.narrow(2, rank + n, n), starts(in, dtype));
    }

    private Tensor constant(String name, Tensor u) {
        return parameter(name, u.dtype()).expand(u.size(0), u.size(1), spec.state());
    }

    private static Tensor softplus(Tensor x) {
        return x.neg().logSigmoid().neg();
    }

    private static @Nullable Tensor starts(MixerInput in, DType dtype) {
        Tensor documents = in.at().documents();
        return documents == null
                ? null
                : documents
                        .eq(Tensors.arange(0, in.tokens(), documents.device()))
                        .to(dtype)
                        .unsqueeze(-1); // [B, T, 1]
    }

    /** y [B, H, T, d] of what the scan reads [B, T, E]. */
    private Tensor ended(MixerInput in, Tensor read, Tensor u) {
        Tensor y = u.mul(parameter(MambaSpec.SKIP, u.dtype())).add(read);
        Tensor heads = y.reshape(in.batch(), in.tokens(), dims.heads(), dims.headWidth())
                .transpose(1, 2);
        return spec.ending().of(parameters).after(in, heads);
    }

    @Override
    public Tensor parallel(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor u = channels(in, behind(noTail(in), in));
            Documents apart = Documents.of(in.at().documents(), 0);
            Tensor read = SelectiveScan.parallel(selected(in, u), apart == null ? null : apart.strangers());
            return scope.promote(original.narrowed(ended(in, read, u)));
        }
    }

    @Override
    public Tensor forward(MixerInput original, Form form, Tape tape) {
        if (form != Form.CHUNK || !tape.carries()) {
            return forward(original, form);
        }
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor u = tape.cut(channels(in, behind(noTail(in), in))); // read before the scan, by it and after it
            Tensor read = ScanFunction.scan(selected(in, u), tape);
            return scope.promote(original.narrowed(ended(in, read, u)));
        }
    }

    @Override
    public MixerState newState(int batch, DType dtype, Device device) {
        MixerState state = new MixerState();
        DType type = Mixer.computing(dtype);
        state.put(TAIL, Tensors.zeros(type, device, batch, dims.keyHeads(), TAPS - 1L, dims.headWidth()));
        state.put(STATES, Tensors.zeros(type, device, batch, MixerSizes.rows(dims), spec.state()));
        return state;
    }

    @Override
    public Tensor chunk(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor values = behind(state.get(TAIL), in);
            Tensor u = channels(in, values);
            SelectiveScan.Result result = SelectiveScan.chunk(selected(in, u), state.get(STATES));
            Tensor y = ended(in, result.y(), u);
            LinearBranch.keep(state, TAIL, values.narrow(2, in.tokens(), TAPS - 1L));
            LinearBranch.keep(state, STATES, result.state());
            return scope.promote(original.narrowed(y));
        }
    }

    @Override
    public Tensor step(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor values = behind(state.get(TAIL), in);
            Tensor u = channels(in, values);
            Tensor read = SelectiveScan.step(selected(in, u), state.get(STATES));
            state.get(TAIL).copy_(values.narrow(2, 1, TAPS - 1L));
            return scope.promote(original.narrowed(ended(in, read, u)));
        }
    }

    @Override
    public Tensor materialize(MixerInput in) {
        throw new IllegalStateException(spec.mixer() + " has a matrix for each channel and none for a head");
    }
}
