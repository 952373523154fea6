package dev.lizard.model;

import dev.lizard.base.Amounts;
import dev.lizard.base.FreeMemory;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.WeightSource;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What weights take in the model's type, compared with what is free before the first of them is made.
 *
 * @param stored bytes of the tensors in their files
 * @param needed bytes of the same tensors in {@code dtype}
 */
record WeightMemory(Path path, DType dtype, long stored, long needed) {
    /** Below, an expansion is not worth a word. */
    private static final long LARGE = 1L << 30;

    /** @param shapes the weights that will be read, all of them stored */
    static WeightMemory of(Path path, WeightSource source, Map<String, long[]> shapes, DType dtype) {
        long stored = 0;
        long needed = 0;
        for (String name : shapes.keySet()) {
            stored += source.info(name).byteSize();
            needed += source.info(name).elements() * dtype.bytes();
        }
        return new WeightMemory(path, dtype, stored, needed);
    }

    /**
     * A line where the model takes far more memory than its files. On a card nothing is refused here: what the engine
     * keeps of an earlier model would count as taken.
     *
     * @throws LizardException ENVIRONMENT where the weights cannot fit
     */
    Optional<String> compare(Device device) {
        return compare(device.isCuda() ? OptionalLong.empty() : FreeMemory.bytes());
    }

    Optional<String> compare(OptionalLong free) {
        String type = dtype == DType.BFLOAT16 ? "bfloat16" : dtype == DType.FLOAT64 ? "float64" : "float32";
        String half = dtype == DType.BFLOAT16
                ? ""
                : "--dtype bfloat16 takes " + Amounts.bytes(needed * DType.BFLOAT16.bytes() / dtype.bytes());
        if (free.isPresent() && needed > free.getAsLong()) {
            throw LizardException.at(
                    LizardException.Kind.ENVIRONMENT,
                    "not enough memory for the weights",
                    path,
                    "%s for %s of %s".formatted(Amounts.bytes(needed), type, Amounts.bytes(stored)),
                    Amounts.bytes(free.getAsLong()) + " free",
                    half.isEmpty() ? "end other programs, or use a smaller model" : half);
        }
        if (needed < LARGE || needed < 2 * stored) {
            return Optional.empty();
        }
        return Optional.of("%s: %s become %s of %s%s"
                .formatted(
                        path, Amounts.bytes(stored), Amounts.bytes(needed), type, half.isEmpty() ? "" : "; " + half));
    }
}
