package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.WeightSource;
import dev.lizard.checkpoint.Weights;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Arrays;
import java.util.function.Consumer;

/** Fills decoders: from files, or with random numbers. */
final class DecoderLoader {
    private static final String BIAS = ".bias";
    private static final double DEVIATION = 0.02;

    private DecoderLoader() {}

    /** @param notes receives lines about what was read in a way that a person should know of */
    static Decoder load(Checkpoint checkpoint, DType dtype, Device device, Consumer<String> notes) {
        StoredConfig stored = StoredConfig.of(checkpoint);
        ModelConfig config = stored.read();
        config.notes().forEach(notes);
        stored.check(config).ifPresent(notes);
        WeightSource source = checkpoint.weights();
        WeightMemory.of(checkpoint.path(), source, WeightShapes.of(config), dtype)
                .compare(device)
                .ifPresent(notes);
        return new Decoder(config, dtype, device, (name, shape) -> Weights.load(source, name, dtype, device));
    }

    static Decoder random(ModelConfig config, RandomStream random, DType dtype, Device device) {
        WeightShapes.of(config).forEach(DecoderLoader::refuseTooLarge);
        double residual = DEVIATION / Math.sqrt(2.0 * config.layers());
        return new Decoder(config, dtype, device, (name, shape) -> {
            try (Scope work = Scope.open()) {
                return work.promote(
                        initial(name, shape, residual, random).to(dtype).to(device));
            }
        });
    }

    private static void refuseTooLarge(String name, long[] shape) {
        if (shape.length == 2 && shape[0] > Integer.MAX_VALUE / shape[1]) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "model too large",
                    name,
                    "at most 2^31-1 numbers in a weight",
                    Arrays.toString(shape) + " from " + WeightShapes.keys(name),
                    "choose smaller sizes");
        }
    }

    private static Tensor initial(String name, long[] shape, double residual, RandomStream random) {
        if (name.endsWith("norm.weight")) {
            return Tensors.ones(DType.FLOAT32, Device.CPU, shape);
        }
        if (name.endsWith(BIAS)) {
            return Tensors.zeros(DType.FLOAT32, Device.CPU, shape);
        }
        boolean writes = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
        int count = Math.toIntExact(Math.multiplyExact(shape[0], shape[1]));
        return Tensors.of(random.normal(count, writes ? residual : DEVIATION), shape);
    }
}
