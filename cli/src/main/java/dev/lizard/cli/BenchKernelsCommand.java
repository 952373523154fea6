package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.eval.kernels.KernelBench;
import dev.lizard.eval.kernels.KernelShape;
import dev.lizard.eval.kernels.KernelSpeed;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.cuda.CudaCard;
import dev.lizard.tensor.kernel.RecordedWork;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard bench kernels}: how fast our CUDA kernels are on this machine's card. */
@Command(
        name = "kernels",
        description = "Measures the CUDA kernels and, beside them, libtorch's causal softmax attention.",
        footer = {
            "",
            "Operations and bytes are the useful ones: each input and output moved once, no pair that is masked.",
            "Softmax attention gets the same queries, keys and values. Decoding is one layer's share of a step of 30."
        })
final class BenchKernelsCommand implements Action {
    @Option(
            names = "--shape",
            paramLabel = "B,H,G,T,d,F,w",
            description = "Sequences, heads, key heads, tokens, width, half of the features, window; may be repeated."
                    + " Four usual ones unless given.")
    @Nullable
    List<String> shapes;

    @Option(
            names = "--decode-batches",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,16,64,512",
            description = "Sequences of a decoding step, with SmolLM2-135M's heads (default: ${DEFAULT-VALUE}).")
    List<Integer> decodeBatches;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "20",
            description = "Calls that count, of each kernel (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            defaultValue = "3",
            description = "Calls before them, at least (default: ${DEFAULT-VALUE}).")
    int warmup;

    @Option(
            names = "--peak-tflops",
            paramLabel = "X",
            description = "The card's peak in bfloat16; from the driver's clock unless given.")
    @Nullable
    Double peakTflops;

    @Option(
            names = "--peak-tbs",
            paramLabel = "X",
            description = "Its memory's peak in 10^12 bytes a second, likewise.")
    @Nullable
    Double peakTbs;

    @Option(names = "--history", paramLabel = "F.jsonl", description = "Appends the results to this file.")
    @Nullable
    Path history;

    @Override
    public int run(Context context) throws IOException {
        if (runs < 1 || warmup < 0) {
            throw LizardException.usage(
                    "--runs must be at least 1 and --warmup at least 0, found %d and %d".formatted(runs, warmup));
        }
        List<KernelShape> wanted = shapes == null
                ? KernelShape.USUAL
                : shapes.stream().map(KernelShape::parse).toList();
        decodeBatches.forEach(batch -> Bench.require("--decode-batches", batch));
        Device device = context.device();
        KernelBench.requireCard(device);
        CudaCard card = CudaCard.of(device);
        KernelSpeed.Place place = new KernelSpeed.Place(
                device.toString(),
                card.card().name(),
                peakTflops == null ? orNull(card.peakTflops()) : peakTflops,
                peakTbs == null ? orNull(card.peakTerabytes()) : peakTbs);
        if (!RecordedWork.supported(device)) {
            context.console().note("decoding is not recorded here: its times are those of the processor");
        }
        context.console().print(KernelTable.head(place));
        KernelBench bench =
                new KernelBench(device, place, warmup, runs, context.settings().seed(), speed -> tell(speed, context));
        for (KernelShape shape : wanted) {
            Optional<String> refusal = shapes == null ? bench.refusal(shape) : Optional.empty();
            refusal.ifPresentOrElse(
                    why -> context.console().note("no kernel for %s on %s: %s".formatted(shape, device, why)),
                    () -> bench.sequences(shape));
        }
        decodeBatches.forEach(bench::decode);
        return 0;
    }

    private void tell(KernelSpeed speed, Context context) {
        try {
            Bench.record(speed, history);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        context.console().result(speed, KernelTable.row(speed));
        context.interrupt().check("what is shown was measured");
    }

    private static @Nullable Double orNull(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : null;
    }
}
