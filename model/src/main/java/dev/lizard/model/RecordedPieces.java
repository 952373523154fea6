package dev.lizard.model;

import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerState;
import dev.lizard.mixer.Positions;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.RecordedWork;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reading on a card, recorded: a piece of so many tokens of one sequence is the same work wherever it stands, once the
 * windows are full and as far as a limit of distances changes nothing, or all; and at the beginning of a text. Recording takes as long as reading a few times, so it happens when a
 * length comes for the second time; lengths that differ each time are read as ever.
 *
 * <p>The recordings work on a state of their own, to and from which a caller's is copied, so they serve every session of
 * the decoder.
 */
final class RecordedPieces implements AutoCloseable {
    /** Below this a piece is read in steps or as ever. */
    private static final long SHORTEST = 64;
    /** Recordings kept; each holds the memory of a pass. */
    private static final int MOST = 8;
    /** Lengths that were seen once. */
    private static final int REMEMBERED = 64;

    /** @param within whether it ends where no mixer's limit of distances changes anything yet */
    private record Kind(long tokens, boolean beginning, boolean within) {}

    /** A recording with what it reads and leaves. */
    private record Piece(RecordedWork graph, Tensor ids, Tensor hidden) {}

    private final Decoder decoder;
    private final Execution execution;
    private final long fills;
    private final long limit; // the least of all mixers
    private final Scope scope = Scope.owner();
    private final Map<Kind, Piece> pieces = new HashMap<>();
    private final Map<Kind, Integer> seen = new HashMap<>();
    private final DecoderState own;
    private final Tensor none; // [1], 0
    private final Tensor read; // [1]

    RecordedPieces(Decoder decoder, Execution execution) {
        this.decoder = decoder;
        this.execution = execution;
        fills = decoder.mixerSpecs().stream().mapToLong(MixerSpec::fills).max().orElse(0);
        limit = decoder.mixerSpecs().stream()
                .mapToLong(MixerSpec::limit)
                .filter(each -> each > 0)
                .min()
                .orElse(Long.MAX_VALUE);
        own = decoder.newState(1);
        try (Scope work = Scope.open()) {
            none = scope.adopt(Tensors.zeros(DType.INT64, decoder.device(), 1));
            read = scope.adopt(Tensors.zeros(DType.INT64, decoder.device(), 1));
        }
    }

    /** As {@link Execution#advance} of {@code state}, which is updated, by a recording; null where none serves. */
    @Nullable
    Tensor advance(Tensor ids, DecoderState state) {
        long tokens = ids.size(1);
        long before = state.tokens(0);
        boolean beginning = before == 0;
        if (tokens < Math.max(SHORTEST, fills) || (!beginning && before < fills)) {
            return null;
        }
        Kind kind = new Kind(tokens, beginning, before + tokens <= limit);
        Piece piece = pieces.get(kind);
        if (piece == null && !comesAgain(kind)) {
            return null;
        }
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            if (!beginning) {
                copy(state, own);
                read.copy_(Tensors.of(new long[] {before}, 1));
            }
            if (piece == null) {
                piece = record(kind, ids);
            } else {
                piece.ids.copy_(ids);
                piece.graph.replay();
            }
            copy(own, state);
            return work.promote(piece.hidden.copy());
        }
    }

    private boolean comesAgain(Kind kind) {
        if (pieces.size() == MOST) {
            return false;
        }
        if (seen.size() == REMEMBERED) {
            seen.clear();
        }
        return seen.merge(kind, 1, Integer::sum) > 1;
    }

    /** Reads {@code ids} as well. */
    private Piece record(Kind kind, Tensor ids) {
        Tensor kept = scope.adopt(ids.copy());
        Tensor hidden = scope.adopt(Tensors.zeros(
                decoder.dtype(),
                decoder.device(),
                1,
                kind.tokens,
                decoder.config().width()));
        Runnable pass = () -> {
            try (Scope work = Scope.open();
                    Positions at = kind.beginning
                            ? Positions.beginning(decoder.rotary(), none)
                            : Positions.on(
                                    decoder.rotary(),
                                    read,
                                    fills,
                                    kind.within ? limit - kind.tokens : Long.MAX_VALUE)) {
                if (kind.beginning) {
                    own.clear(0);
                }
                hidden.copy_(execution.advance(kept, own, at));
            }
        };
        Piece piece = new Piece(RecordedWork.record(decoder.device(), pass, pass), kept, hidden);
        pieces.put(kind, piece);
        return piece;
    }

    private void copy(DecoderState from, DecoderState to) {
        for (int layer = 0; layer < decoder.layers(); layer++) {
            MixerState target = to.layer(layer);
            from.layer(layer)
                    .tensors()
                    .forEach((name, tensor) -> target.get(name).copy_(tensor));
        }
    }

    @Override
    public void close() {
        Engine.synchronize(decoder.device());
        pieces.values().forEach(piece -> piece.graph.close());
        pieces.clear();
        own.close();
        scope.close();
    }
}
