package dev.lizard.cli;

import dev.lizard.eval.kernels.KernelSpeed;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The text that {@code bench kernels} prints: a row a kernel and shape, as they come. */
final class KernelTable {
    private KernelTable() {}

    /** The card and the columns' names. */
    static String head(KernelSpeed.Place place) {
        String peaks = String.format(
                Locale.ROOT,
                "%s (%s): peak %s TFLOP/s in bfloat16, %s TB/s",
                place.card(),
                place.device(),
                number("%,.0f", place.peakTflops()),
                number("%.2f", place.peakTbPerS()));
        return peaks + "\n\n"
                + row("kernel", "B,H,G,T,d,F,w", "ms", "fastest", "slowest", "TFLOP/s", "peak", "TB/s", "peak");
    }

    static String row(KernelSpeed speed) {
        return row(
                speed.kernel(),
                speed.shape().toString(),
                number("%.4f", speed.ms()),
                number("%.4f", speed.fastestMs()),
                number("%.4f", speed.slowestMs()),
                number("%.1f", speed.tflops()),
                percent(speed.ofPeakTflops()),
                number("%.3f", speed.tbPerS()),
                percent(speed.ofPeakTbPerS()));
    }

    private static String row(Object... cells) {
        return String.format(Locale.ROOT, "%-24s %-26s %9s %9s %9s  %7s %6s  %6s %6s", cells);
    }

    private static String percent(@Nullable Double share) {
        return share == null ? "-" : number("%.1f%%", 100 * share);
    }

    private static String number(String format, @Nullable Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, format, value);
    }
}
