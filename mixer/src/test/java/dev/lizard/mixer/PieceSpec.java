package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** A spec whose mixers read pieces as on a card, by the kernels' twin. */
record PieceSpec(LizardSpec real, SlotTwin twin) implements MixerSpec {
    /** The mixer itself but for {@link #chunk}. */
    private record ByPieces(PieceSpec spec, Hybrid real) implements Mixer {
        @Override
        public Map<String, Tensor> parameters() {
            return real.parameters();
        }

        @Override
        public Tensor parallel(MixerInput in) {
            return real.parallel(in);
        }

        @Override
        public MixerState newState(int batch, DType dtype, Device device) {
            return real.newState(batch, dtype, device);
        }

        @Override
        public Tensor chunk(MixerInput in, MixerState state) {
            try (Scope scope = Scope.open()) {
                Tensor y = ExactPiece.chunk(real, in, state, spec.twin);
                return scope.promote(y == null ? real.chunk(in, state) : y);
            }
        }

        @Override
        public Tensor step(MixerInput in, MixerState state) {
            return real.step(in, state);
        }

        @Override
        public Mixer frozen(DType model, Scope owner) {
            return new ByPieces(spec, (Hybrid) real.frozen(model, owner));
        }

        @Override
        public Map<String, Tensor> parts(MixerInput in) {
            return real.parts(in);
        }
    }

    @Override
    public Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        return new ByPieces(this, (Hybrid) real.create(dims, parameters));
    }

    @Override
    public String mixer() {
        return real.mixer();
    }

    @Override
    public Map<String, Object> keys() {
        return real.keys();
    }

    @Override
    public List<Parameter> initial(HeadDims dims, RandomStream random) {
        return real.initial(dims, random);
    }

    @Override
    public long stateNumbers(HeadDims dims, long tokens) {
        return real.stateNumbers(dims, tokens);
    }

    @Override
    public long stateBytes(HeadDims dims, DType model, long tokens) {
        return real.stateBytes(dims, model, tokens);
    }

    @Override
    public boolean separates() {
        return real.separates();
    }

    @Override
    public double flops(HeadDims dims, long length) {
        return real.flops(dims, length);
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return real.graphNumbers(dims, length);
    }
}
