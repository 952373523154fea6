package dev.lizard.eval.metric;

import dev.lizard.eval.result.Efficiency;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerState;
import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.model.GraphedDecode;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a context costs one sequence: time to read it, time to write one token after it, bytes kept.
 *
 * <p>Reading goes in pieces, as a session does. A context whose reading would take longer than allowed (the teacher's
 * grows with the square) is not read: the state of a short one is stretched to its length by repeating its tokens, so
 * that bytes and the time of writing are those of the full length, and the reading speed stays unknown.
 *
 * @param piece tokens read at a time
 * @param steps tokens written; the median of their times counts
 * @param mostSeconds longest time that one reading may be expected to take
 */
public record EfficiencyMeter(int piece, int steps, double mostSeconds) {
    private static final int WARM_UP = 3;
    private static final String CACHE = "cache.";

    /** 512 tokens a piece, 24 steps, 15 seconds. */
    public static EfficiencyMeter standard() {
        return new EfficiencyMeter(512, 24, 15);
    }

    /**
     * Measures one context.
     *
     * @param before the same model at a shorter context, to predict the time of reading; null reads in any case
     */
    public Efficiency measure(Decoder model, String name, long context, @Nullable Efficiency before) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off();
                DecoderState state = model.newState(1)) {
            Double prefill = null;
            if (expectedSeconds(model, context, before) <= mostSeconds) {
                long start = System.nanoTime();
                read(model, state, context);
                prefill = context / seconds(start);
            } else {
                read(model, state, piece);
                stretch(state, model.layers(), context);
            }
            long bytes = state.bytes();
            return new Efficiency(name, context, prefill, 1 / writing(model, state), bytes);
        }
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
        boolean caching = model.mixerSpecs().stream().anyMatch(MixerSpec::caches);
        return context / speed * (caching ? ratio : 1);
    }

    private void read(Decoder model, DecoderState state, long context) {
        RandomStream random = new RandomStream(0);
        for (long done = 0; done < context; done += piece) {
            try (Scope part = Scope.open()) {
                model.advance(ids(model, (int) Math.min(piece, context - done), random), state);
            }
        }
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

    /** Makes the state as long as if it had read {@code context} tokens. */
    private void stretch(DecoderState state, int layers, long context) {
        for (int i = 0; i < layers; i++) {
            MixerState layer = state.layer(i);
            for (String name : List.copyOf(layer.tensors().keySet())) {
                if (name.startsWith(CACHE)) {
                    layer.put(name, repeated(layer.get(name).narrow(2, 0, piece), context));
                }
            }
        }
        state.stands(0, context);
    }

    /** [1, G, piece, d] to [1, G, context, d]. */
    private static Tensor repeated(Tensor cache, long context) {
        try (Scope work = Scope.open()) {
            Tensor larger =
                    Tensors.empty(cache.dtype(), cache.device(), cache.size(0), cache.size(1), context, cache.size(3));
            for (long at = 0; at < context; at += cache.size(2)) {
                long length = Math.min(cache.size(2), context - at);
                larger.narrow(2, at, length).copy_(cache.narrow(2, 0, length));
            }
            return work.promote(larger);
        }
    }

    /** Median seconds of a step, the choice of the next token included. */
    private double writing(Decoder model, DecoderState state) {
        double[] seconds = new double[steps];
        long id = 1;
        GraphedDecode recorded = GraphedDecode.served(model) ? new GraphedDecode(model, state) : null;
        try (recorded) {
            for (int step = -WARM_UP; step < steps; step++) {
                long start = System.nanoTime();
                id = next(model, state, recorded, id);
                if (step >= 0) {
                    seconds[step] = seconds(start);
                }
            }
        }
        Arrays.sort(seconds);
        return seconds[steps / 2];
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
