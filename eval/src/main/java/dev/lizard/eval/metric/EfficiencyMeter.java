package dev.lizard.eval.metric;

import dev.lizard.base.FreeMemory;
import dev.lizard.base.ProcessMemory;
import dev.lizard.base.Quantiles;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.Spread;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.model.GraphedDecode;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.CudaCard;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a context costs one sequence: time to read it, time to write one token after it, bytes kept.
 *
 * <p>Reading goes in pieces, as a session does. A context whose reading would take longer than allowed (the teacher's
 * grows with the square) is not read: the state of a short one is stretched to its length by repeating its tokens, so
 * that bytes and the time of writing are those of the full length, and the reading speed stays unknown. Where not even
 * that state fits into memory, its size is told alone. Both are said in the result.
 *
 * @param piece tokens read at a time
 * @param steps tokens written in a repeat; the median of their times counts
 * @param repeats of reading and of writing, as far as the time suffices; the median of these counts
 * @param mostSeconds longest time that one reading may be expected to take, and after which nothing is begun again
 */
public record EfficiencyMeter(int piece, int steps, int repeats, double mostSeconds) {
    private static final int WARM_UP = 3;

    /** 512 tokens a piece, 24 steps, once, 15 seconds. */
    public static EfficiencyMeter standard() {
        return new EfficiencyMeter(512, 24, 1, 15);
    }

    /**
     * Measures one context; peaks of memory are right where contexts are measured in ascending order.
     *
     * @param before the same model at a shorter context, to predict the time of reading; null begins in any case
     */
    public Efficiency measure(Decoder model, String name, long context, @Nullable Efficiency before) {
        String device = model.device().toString();
        long size = stateBytes(model, context);
        String full = full(model, size);
        if (full != null) {
            return new Efficiency(name, context, null, null, size, device, null, null, null, full);
        }
        double expected = expectedSeconds(model, context, before);
        List<Double> reading = new ArrayList<>();
        try (Scope work = Scope.open();
                Gradients off = Gradients.off();
                DecoderState state = model.newState(1)) {
            String unread = expected <= mostSeconds ? read(model, state, context, reading) : unread(expected);
            if (unread != null) {
                fill(model, state, context);
            }
            long bytes = state.bytes();
            List<Double> writing = writing(model, state);
            return new Efficiency(
                    name,
                    context,
                    median(reading),
                    median(writing),
                    bytes,
                    device,
                    spread(reading),
                    spread(writing),
                    peak(model.device()),
                    unread);
        }
    }

    /** The size alone, exact at any context. */
    public static Efficiency size(Decoder model, String name, long context) {
        return new Efficiency(
                name,
                context,
                null,
                null,
                stateBytes(model, context),
                model.device().toString(),
                null,
                null,
                null,
                "only the size was computed");
    }

    private static long stateBytes(Decoder model, long context) {
        return MixerSpecs.stateBytes(model.mixerSpecs(), model.headDims(), model.dtype(), context);
    }

    private String unread(double seconds) {
        return Double.isInfinite(seconds)
                ? "not read, as a shorter context was not"
                : String.format(Locale.ROOT, "not read: %.0f s expected, %.0f s allowed", seconds, mostSeconds);
    }

    /** Why a state of so many bytes is not made; a cache that grows takes up to twice its size. */
    private static @Nullable String full(Decoder model, long bytes) {
        OptionalLong free = CudaCard.memoryFree(model.device());
        long there = (free.isPresent() ? free : FreeMemory.bytes()).orElse(Long.MAX_VALUE);
        long needed = caches(model) ? 2 * bytes : bytes;
        return needed <= there
                ? null
                : "not measured: a state that grows to %,d bytes, %,d are free".formatted(needed, there);
    }

    private static boolean caches(Decoder model) {
        return model.mixerSpecs().stream().anyMatch(MixerSpec::caches);
    }

    private static @Nullable Long peak(Device device) {
        OptionalLong held = CudaCard.memoryHeld(device);
        OptionalLong peak = held.isPresent() ? held : ProcessMemory.peakBytes();
        return peak.isPresent() ? (Long) peak.getAsLong() : null;
    }

    private static @Nullable Double median(List<Double> values) {
        return values.isEmpty() ? null : (Double) quantiles(values).median();
    }

    private static @Nullable Spread spread(List<Double> values) {
        return values.size() < 2
                ? null
                : new Spread(quantiles(values).least(), quantiles(values).most(), values.size());
    }

    private static Quantiles quantiles(List<Double> values) {
        return Quantiles.of(values.stream().mapToDouble(value -> value).toArray());
    }

    /** From the shorter context: with the square where a cache grows, in proportion where none does. */
    private static double expectedSeconds(Decoder model, long context, @Nullable Efficiency before) {
        if (before == null) {
            return 0;
        }
        Double speed = before.prefillTokensPerSecond();
        if (speed == null) {
            return Double.POSITIVE_INFINITY;
        }
        double ratio = (double) context / before.context();
        return context / speed * (caches(model) ? ratio : 1);
    }

    /**
     * Reads until it was repeated often enough or time is up; tokens a second go to {@code speeds}.
     *
     * @return why the first reading was given up, or null
     */
    private @Nullable String read(Decoder model, DecoderState state, long context, List<Double> speeds) {
        long begun = System.nanoTime();
        double last = 0;
        while (speeds.isEmpty() || (speeds.size() < repeats && seconds(begun) + last <= mostSeconds)) {
            state.clear(0);
            long start = System.nanoTime();
            RandomStream random = new RandomStream(0);
            for (long done = 0; done < context; done += piece) {
                if (done > 0 && speeds.isEmpty() && seconds(start) > mostSeconds) {
                    return String.format(
                            Locale.ROOT, "not read: %,d of its tokens in the %.0f s allowed", done, mostSeconds);
                }
                piece(model, state, Math.min(piece, context - done), random);
            }
            last = seconds(start);
            speeds.add(context / last);
        }
        return null;
    }

    private static void piece(Decoder model, DecoderState state, long count, RandomStream random) {
        try (Scope part = Scope.open()) {
            model.advance(ids(model, (int) count, random), state);
        }
    }

    private void fill(Decoder model, DecoderState state, long context) {
        state.clear(0);
        piece(model, state, piece, new RandomStream(0));
        StretchedState.stretch(state, model.layers(), piece, context);
    }

    private static Tensor ids(Decoder model, int count, RandomStream random) {
        long[] ids = new long[count];
        int most = Math.min(256, model.config().vocabSize());
        for (int i = 0; i < count; i++) {
            ids[i] = random.nextInt(most);
        }
        Tensor host = Tensors.of(ids, 1, count);
        return model.device().isCuda() ? host.to(model.device()) : host;
    }

    /** Tokens a second of each repeat, the choice of the next token included. */
    private List<Double> writing(Decoder model, DecoderState state) {
        List<Double> speeds = new ArrayList<>();
        long begun = System.nanoTime();
        long id = 1;
        GraphedDecode recorded = GraphedDecode.served(model) ? new GraphedDecode(model, state) : null;
        try (recorded) {
            for (int step = 0; step < WARM_UP && (step == 0 || seconds(begun) < mostSeconds); step++) {
                id = next(model, state, recorded, id);
            }
            while (speeds.isEmpty() || (speeds.size() < repeats && seconds(begun) < mostSeconds)) {
                double[] times = new double[steps];
                int made = 0;
                while (made < steps && (made == 0 || seconds(begun) < mostSeconds)) {
                    long start = System.nanoTime();
                    id = next(model, state, recorded, id);
                    times[made++] = seconds(start);
                }
                speeds.add(1 / Quantiles.of(Arrays.copyOf(times, made)).median());
            }
        }
        return speeds;
    }

    /** Reads {@code id} as a session does and chooses what follows. */
    private static long next(Decoder model, DecoderState state, @Nullable GraphedDecode recorded, long id) {
        try (Scope work = Scope.open()) {
            if (recorded != null) {
                return recorded.step(new int[] {(int) id}).argmax(-1).longs()[0];
            }
            Tensor host = Tensors.of(new long[] {id}, 1, 1);
            Tensor hidden = model.advance(model.device().isCuda() ? host.to(model.device()) : host, state);
            return model.logits(hidden).argmax(-1).longs()[0];
        }
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
