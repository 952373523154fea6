package dev.lizard.model;

import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.WeightSource;
import dev.lizard.checkpoint.Weights;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/** Fills decoders: from files, or with random numbers. */
final class DecoderLoader {
    private static final String BIAS = ".bias";
    private static final double DEVIATION = 0.02;

    private DecoderLoader() {}

    /** @param notes receives a line about what is stored and not used */
    static Decoder load(Checkpoint checkpoint, DType dtype, Device device, Consumer<String> notes) {
        ModelConfig config = ModelConfig.of(checkpoint.config(), configName(checkpoint.path()));
        WeightSource source = checkpoint.weights();
        Map<String, long[]> shapes = WeightShapes.of(config);
        new StrayTensors(source, shapes.keySet()).examine().ifPresent(notes);
        shapes.forEach((name, shape) -> Models.checkWeight(source, checkpoint.path(), name, shape));
        return new Decoder(config, dtype, device, (name, shape) -> Weights.load(source, name, dtype, device));
    }

    /** The file that errors about the config name. */
    static String configName(Path path) {
        return Files.isDirectory(path) ? path.resolve("config.json").toString() : path.toString();
    }

    static Decoder random(ModelConfig config, RandomStream random, DType dtype, Device device) {
        double residual = DEVIATION / Math.sqrt(2.0 * config.layers());
        return new Decoder(config, dtype, device, (name, shape) -> {
            try (Scope work = Scope.open()) {
                return work.promote(
                        initial(name, shape, residual, random).to(dtype).to(device));
            }
        });
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
