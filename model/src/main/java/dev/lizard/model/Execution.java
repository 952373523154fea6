package dev.lizard.model;

import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.Positions;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.kernel.RecordedWork;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a decoder generates: its blocks and mixers with everything computed once that depends on parameters alone (what
 * mixers make of theirs; weights with their low-rank updates added, but for bfloat16).
 *
 * <p>There is one for each state of the parameters, shared by all who generate: {@link Decoder#execution} gives the same
 * object until a weight is bound, an update or mixer replaced, or a parameter of a mixer, an update or a weight that trains changed in place.
 */
final class Execution implements AutoCloseable {
    private final Scope scope = Scope.owner();
    private final Decoder decoder;
    private final List<Block> blocks;
    private final List<Mixer> mixers;
    private final List<Tensor> trainable;
    private final long stamp;
    private @Nullable RecordedPieces pieces;

    Execution(Decoder decoder) {
        this.decoder = decoder;
        trainable = trainable(decoder);
        stamp = stamp();
        try (Gradients off = Gradients.off();
                Scope work = Scope.open()) {
            blocks = decoder.blocks().stream().map(block -> block.frozen(scope)).toList();
            mixers = decoder.mixers().stream()
                    .map(mixer -> mixer.frozen(decoder.dtype(), scope))
                    .toList();
        }
    }

    private static List<Tensor> trainable(Decoder decoder) {
        List<Tensor> all = new ArrayList<>(
                decoder.weights().values().stream().filter(Tensor::requiresGrad).toList());
        decoder.projections().values().forEach(linear -> {
            Linear.Update update = linear.update();
            if (update != null) {
                all.add(update.a());
                all.add(update.b());
            }
        });
        decoder.mixers().forEach(mixer -> all.addAll(mixer.parameters().values()));
        return all;
    }

    /** A number that grows with every change of what this was made from. */
    private long stamp() {
        long changes = decoder.changes();
        for (Tensor tensor : trainable) {
            changes += tensor.version();
        }
        return changes;
    }

    /** Whether it is made of the parameters as they are now. */
    boolean isCurrent() {
        return stamp == stamp();
    }

    /** Whether a step is the same sequence of kernels wherever its rows stand, so that it can be recorded. */
    boolean graphsSteps() {
        return RecordedWork.supported(decoder.device())
                && mixers.stream().noneMatch(mixer -> mixer.spec().caches());
    }

    /** As {@link #advance} for rows that stand where {@code state} says, replayed where it was recorded. */
    Tensor advance(Tensor ids, DecoderState state) {
        if (state.batch() == 1 && ids.size(1) > 1 && graphsSteps()) {
            RecordedPieces known = pieces;
            if (known == null) {
                known = new RecordedPieces(decoder, this);
                pieces = known;
            }
            Tensor hidden = known.advance(ids, state);
            if (hidden != null) {
                return hidden;
            }
        }
        try (Positions at = Positions.of(decoder.rotary(), state.read())) {
            return advance(ids, state, at);
        }
    }

    /** Reads ids [B, T], whose rows stand at {@code at}, to final hidden states [B, T, D]. */
    Tensor advance(Tensor ids, DecoderState state, Positions at) {
        return decoder.advance(ids, state, at, blocks, mixers);
    }

    @Override
    public void close() {
        if (pieces != null) {
            pieces.close();
            pieces = null;
        }
        scope.close();
    }
}
