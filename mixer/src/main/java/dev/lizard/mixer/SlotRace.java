package dev.lizard.mixer;

import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;

/**
 * Which of several tokens hold K slots while more compete: those with the K best scores so far, the later of two equal
 * ones being the better. Since a prefix's K best do not depend on the order in which it was read, the slots and those who
 * come next say it all.
 */
final class SlotRace {
    private SlotRace() {}

    /**
     * Of n holders and L challengers, numbered in that order.
     *
     * @param ends after how many challengers each has lost its place, L where it never does: challenger j holds one from
     *     its turn on while turns i < ends; int64 [B, G, n + L]
     * @param kept who holds a place in the end, best first: int64 [B, G, min(K, n + L)]
     * @param lost the others, in the order in which they lost: int64 [B, G, max(0, n + L − K)]
     */
    record Result(Tensor ends, Tensor kept, Tensor lost) {}

    /**
     * @param holders their scores, best first [B, G, n]; all came before the challengers
     * @param challengers theirs, in the order of their turns [B, G, L], L ≥ 1
     * @param places K ≥ n
     */
    static Result run(Tensor holders, Tensor challengers, long places) {
        long before = holders.size(2);
        long turns = challengers.size(2);
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor turn = Tensors.arange(0, turns, challengers.device());
            Tensor later = turn.unsqueeze(-1).lt(turn.unsqueeze(0)); // column i comes after row j
            Tensor each = challengers.unsqueeze(2); // [B, G, 1, L]
            Tensor own = challengers.unsqueeze(3); // [B, G, L, 1]
            Tensor beaten = own.lt(each).logicalOr(own.eq(each).logicalAnd(later)); // [B, G, L, L]
            Tensor better = own.lt(holders.unsqueeze(2)).sum(3, false); // of the holders [B, G, L]
            Tensor rank = Tensors.arange(0, before, challengers.device())
                    .expand(challengers.size(0), challengers.size(1), before);
            Tensor all = Tensors.cat(2, holders.unsqueeze(3).le(each), beaten) // [B, G, n + L, L]
                    .cumsum(3)
                    .add(Tensors.cat(2, rank, better).unsqueeze(3));
            Tensor until = all.lt((double) places).sum(3, false); // [B, G, n + L]
            Tensor ends = Tensors.cat(
                    2,
                    until.narrow(2, 0, before),
                    until.narrow(2, before, turns).maximum(turn));
            long kept = Math.min(places, before + turns);
            Tensor last = all.select(3, turns - 1).neg(); // minus how many are better in the end: all differ
            return new Result(
                    scope.promote(ends),
                    scope.promote(last.topK(kept, 2).indices()),
                    scope.promote(ends.neg().topK(before + turns - kept, 2).indices()));
        }
    }
}
