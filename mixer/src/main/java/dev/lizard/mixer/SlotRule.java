package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a token is worth to those who choose which are kept exactly: by parameters, or by a rule of the literature that
 * needs none. All are fixed when the token is read, so the three forms of {@link ExactSlots} stay one law; rules that go by
 * the attention of later queries (H2O, TOVA) cannot be. Keys are those before RoPE.
 *
 * <pre>
 *   knorm    r_j = -|k_j|                                         Devoto et al. 2024, arXiv 2406.11430
 *   keydiff  r_j = -cos(k_j, sum over i <= j of k_i / |k_i|)      Park et al. 2025, arXiv 2504.15364
 *   random   r_j = a number in [0, 1) that hangs on j and the head alone
 * </pre>
 *
 * <p>Deviation: KeyDiff looks at all kept keys anew whenever it chooses, and at turned ones; here the mean is that of all
 * tokens up to this one.
 */
public enum SlotRule {
    /** {@link SlotScore}. */
    LEARNED,
    KNORM,
    KEYDIFF,
    RANDOM;

    private static final String SUM = "slots.direction";
    private static final double SMALLEST = 1e-12;
    /** Equal tokens must not compete by the last bit of their norms, which depends on what is computed beside them. */
    private static final double GRID = 1024;

    private static final long PRIME = (1L << 31) - 1;

    /** As it stands in a file. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Numbers that it remembers of one sequence. */
    long numbers(HeadDims dims) {
        return this == KEYDIFF ? (long) dims.keyHeads() * dims.headWidth() : 0;
    }

    void create(MixerState state, HeadDims dims, int batch, DType model, Device device) {
        if (this == KEYDIFF) {
            state.put(SUM, Tensors.zeros(Mixer.computing(model), device, batch, dims.keyHeads(), 1, dims.headWidth()));
        }
    }

    /** Scores [B, G, T] of tokens that go on from {@code state}, or of whole sequences; null where they are learned. */
    @Nullable
    Tensor of(MixerInput in, @Nullable MixerState state) {
        try (Scope scope = Scope.open()) {
            return switch (this) {
                case LEARNED -> null;
                case KNORM ->
                    scope.promote(norm(in.k()).squeeze(3).mul(GRID).round().mul(-1 / GRID));
                case KEYDIFF -> scope.promote(difference(in.k(), state));
                case RANDOM -> scope.promote(random(in));
            };
        }
    }

    private static Tensor norm(Tensor k) {
        return k.square().sum(-1, true).add(SMALLEST).pow(0.5); // [B, G, T, 1]
    }

    private static Tensor difference(Tensor k, @Nullable MixerState state) {
        Tensor unit = k.div(norm(k));
        Tensor sums = unit.cumsum(2); // [B, G, T, d]
        if (state != null) {
            Tensor sum = state.get(SUM);
            sums = sums.add(sum);
            sum.copy_(sums.narrow(2, k.size(2) - 1, 1));
        }
        return unit.mul(sums).sum(-1, false).div(norm(sums).squeeze(3)).neg();
    }

    /** By squaring modulo a prime, where no product passes 2^62. */
    private static Tensor random(MixerInput in) {
        Tensor k = in.k();
        Tensor place = in.at()
                .read(k.device())
                .unsqueeze(-1)
                .add(Tensors.arange(0, k.size(2), k.device()))
                .unsqueeze(1); // [B | 1, 1, T]
        Tensor head = Tensors.arange(0, k.size(1), k.device()).view(1, -1, 1);
        Tensor mixed =
                place.mul(48_271L).add(head.mul(69_621_017L)).add(12_345L).remainder(PRIME);
        for (long more : new long[] {1_234_567L, 89_482_311L, 7_654_321L}) {
            mixed = mixed.mul(mixed).add(more).remainder(PRIME);
        }
        return mixed.to(k.dtype()).mul(1.0 / PRIME).expand(k.size(0), k.size(1), k.size(2));
    }
}
