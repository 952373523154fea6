package dev.lizard.mixer;

import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * Which tokens of packed sequences see each other: those of one document, which stand side by side. A document is named
 * by the place of its first token in the sequence, so of two tokens the earlier is a stranger to the later where its
 * document begins before.
 *
 * @param queries beginnings of the queries' documents, integers [B, T]
 * @param keys those of the keys that are written with each query, −1 where none is [B, T]
 */
record Documents(Tensor queries, Tensor keys) {
    /** Of keys that lag so many tokens behind their queries; null where all of a sequence see each other. */
    static @Nullable Documents of(@Nullable Tensor beginnings, long lag) {
        if (beginnings == null) {
            return null;
        }
        Tensor keys = lag == 0
                ? beginnings
                : beginnings.narrow(1, 0, beginnings.size(1) - lag).pad(-1, lag, 0);
        return new Documents(beginnings, keys);
    }

    /** Pairs of causal order that do not see each other: bool [B, 1, T, T]; nothing is said of the others. */
    Tensor strangers() {
        return before(keys.unsqueeze(-2), queries.unsqueeze(-1)).unsqueeze(1);
    }

    /** Tokens that their documents begin with: bool [B, 1, T, 1]. */
    static Tensor firsts(Tensor beginnings) {
        Tensor place = Tensors.arange(0, beginnings.size(1), beginnings.device());
        return beginnings.eq(place).unsqueeze(1).unsqueeze(-1);
    }

    /** Pairs that see each other: bool [B, 1, T, T]. */
    static Tensor seen(Tensor beginnings) {
        Tensor index = Tensors.arange(0, beginnings.size(1), beginnings.device());
        return same(beginnings, beginnings).logicalAnd(index.unsqueeze(0).le(index.unsqueeze(-1)));
    }

    /** Pairs of one document, of queries [B, T] and keys [B, S]: bool [B, 1, T, S]. */
    static Tensor same(Tensor queries, Tensor keys) {
        return queries.unsqueeze(-1).eq(keys.unsqueeze(-2)).unsqueeze(1);
    }

    /** Strangers among a query of a block of w and the 2w keys that end with its block: bool [B, 1, N, 1, w, 2w]. */
    static Tensor strangersInBlocks(Tensor beginnings, long window, long after) {
        Tensor pairs = beginnings.pad(-1, window, after).unfold(1, 2 * window, window); // [B, N, 2w]
        Tensor own = pairs.narrow(-1, window, window); // [B, N, w]
        return before(pairs.unsqueeze(-2), own.unsqueeze(-1)).unsqueeze(2).unsqueeze(1);
    }

    /**
     * What is not seen where a memory is carried from chunk to chunk. At each border it holds only what is of the
     * document of the token before.
     *
     * @param pairs within a chunk [B, 1, N, C, C]
     * @param reads queries to which what entered the chunk is strange [B, 1, N, C, 1]
     * @param writes keys that are strange to the end of their chunk [B, 1, N, C, 1]
     * @param carried chunks (last axis) whose writes are strange to a border [B, 1, 1, N + 1, N]
     * @param kept borders to which the memory from before the first is strange [B, 1, 1, N + 1]
     */
    record Chunks(Tensor pairs, Tensor reads, Tensor writes, Tensor carried, Tensor kept) {}

    /** Of the part [from, from + length), in chunks of C tokens. */
    Chunks chunks(long from, long length, int chunk) {
        Tensor earlier = queries.pad(-1, 1, 0); // of the token before each [B, 1 + T]
        Tensor first = chunked(earlier.narrow(1, from, length), chunk).select(2, 0); // [B, N]
        Tensor border = Tensors.cat(1, first, earlier.narrow(1, from + length, 1)); // [B, N + 1]
        long chunks = first.size(1);
        Tensor q = chunked(queries.narrow(1, from, length), chunk); // [B, N, C]
        Tensor k = chunked(keys.narrow(1, from, length), chunk);
        Tensor last = border.narrow(1, 1, chunks); // [B, N]
        return new Chunks(
                before(k.unsqueeze(-2), q.unsqueeze(-1)).unsqueeze(1),
                before(first.unsqueeze(-1), q).unsqueeze(1).unsqueeze(-1),
                before(k, last.unsqueeze(-1)).unsqueeze(1).unsqueeze(-1),
                before(last.unsqueeze(-2), border.unsqueeze(-1)).unsqueeze(1).unsqueeze(1),
                before(border.narrow(1, 0, 1), border).unsqueeze(1).unsqueeze(1));
    }

    private static Tensor chunked(Tensor x, int chunk) {
        long missing = Math.floorMod(-x.size(1), (long) chunk);
        Tensor padded = x.pad(-1, 0, missing);
        return padded.reshape(x.size(0), padded.size(1) / chunk, chunk);
    }

    private static Tensor before(Tensor key, Tensor query) {
        return key.lt(query);
    }
}
