package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.cuda.Card;
import dev.lizard.tensor.cuda.CudaReport;
import dev.lizard.tensor.kernel.UsualSizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What {@code doctor} asks of the tensor engine and the graphics cards. */
final class EngineChecks {
    private EngineChecks() {}

    static Finding engine(Context context) {
        long start = System.nanoTime();
        try {
            Engine.threads(context.settings().threads());
            int cards = Engine.cudaDevices();
            long millis = (System.nanoTime() - start) / 1_000_000;
            return Finding.ok(
                    "engine",
                    "libtorch %s loaded in %d ms, %d CPU threads, %d CUDA devices"
                            .formatted(Engine.version(), millis, Engine.threads(), cards));
        } catch (RuntimeException | LinkageError e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            return Finding.fail(
                    "engine",
                    "the native library cannot be loaded: " + root.getMessage(),
                    context.environment().containsKey("LIZARD_LIBTORCH")
                            ? "unset LIZARD_LIBTORCH, or let it name a libtorch of a version that docs/gpu.md lists"
                            : "check that --cache DIR is writable and not mounted noexec; README.md lists the"
                                    + " platforms");
        }
    }

    static Finding cuda(Context context) {
        if (!Cuda.present()) {
            return context.settings().device().startsWith("cuda")
                    ? Finding.fail(
                            "cuda", "--device cuda was asked for but there is no NVIDIA driver", "pass --device cpu")
                    : Finding.ok("cuda", "no NVIDIA card; lizard works on the CPU");
        }
        if (usable() > 0) {
            return Finding.ok("cuda", CudaReport.driver() + "; " + CudaReport.runtime());
        }
        String found = Cuda.cards();
        if (!Engine.hasCuda()) {
            return Finding.warn(
                    "cuda",
                    found + "; the engine loaded is the one for CPUs",
                    "build with 'mvn -Pcuda -DskipTests package', or set LIZARD_LIBTORCH to the lib folder of a"
                            + " libtorch with CUDA; see docs/gpu.md");
        }
        return Finding.warn(
                "cuda",
                found + "; the engine has CUDA but cannot use it",
                "see whether nvidia-smi works and says CUDA 13 or newer; --device cpu works meanwhile");
    }

    private static int usable() {
        try {
            return Engine.cudaDevices();
        } catch (LinkageError e) {
            return 0;
        }
    }

    /** The device asked for, where it is there. */
    private static Device device(Context context) {
        String asked = context.settings().device();
        boolean other = asked.matches("cuda:\\d{1,3}") && Integer.parseInt(asked.substring(5)) < usable();
        return other ? Device.parse(asked) : Device.cuda(0);
    }

    /** Our own kernels: whether they can be compiled and run. */
    static Finding kernels(Context context) {
        if (usable() == 0) {
            return Finding.ok("kernels", "none are needed on the CPU");
        }
        try {
            Device device = device(context);
            String compiler = CudaReport.compiler();
            Card card = Card.of(device);
            Optional<String> refusal = CudaReport.refusal(card);
            if (refusal.isPresent()) {
                return refused(device, card, refusal.get());
            }
            return Finding.ok("kernels", compiler + "; " + CudaReport.trial(device) + "; " + CudaReport.graphs(device));
        } catch (LizardException e) {
            return Finding.warn(
                    "kernels",
                    String.valueOf(e.getMessage()),
                    "install NVRTC (libnvrtc of the CUDA toolkit), or name it with LIZARD_NVRTC; until then CUDA runs"
                            + " without our kernels, more slowly");
        }
    }

    static Finding refused(Device device, Card card, String why) {
        return Finding.warn(
                "kernels",
                "%s (%s): composed operations in place of our kernels; %s".formatted(device, card.name(), why),
                "nothing is needed: results are the same, more slowly; a card of compute capability 8.0 or newer and"
                        + " an NVRTC that knows it have the kernels");
    }

    /** For each part of the work which way it goes on the card; nothing where {@link #kernels} has said it of all. */
    static List<Finding> paths(Context context) {
        try {
            return usable() == 0 ? List.of() : paths(Card.of(device(context)));
        } catch (RuntimeException | LinkageError e) {
            return List.of(); // what keeps all kernels away is a finding already
        }
    }

    static List<Finding> paths(Card card) {
        List<Finding> findings = new ArrayList<>();
        if (CudaReport.refusal(card).isEmpty()) {
            UsualSizes.paths(card)
                    .forEach((part, text) ->
                            findings.add(Finding.ok("kernels/" + part.label(), part.title() + ": " + text)));
        }
        return findings;
    }
}
