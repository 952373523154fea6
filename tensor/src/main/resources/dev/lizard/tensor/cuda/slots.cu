// Attention to exact keys that are kept for a while, over whole sequences: the last w tokens, the first m, and of those that
// have left the window the K with the best scores (ExactSlots); forward, backward, and how much keys are looked at later.
//
// Membership is an interval. At time t token j is read
//   near   iff 0 <= t - j < w                  its key turned, its value as it is
//   old    iff t - j >= w and t < until_j      both as slots hold them (rounded to a byte, the key then turned); of the
//                                              first m as they are, until_j = T
//   p_tj = exp(q_t . k_j / sqrt(d) - lse_t)    one normaliser, with exp(sink) if there is one     y_t = sum_j p_tj v_j
//   ds_tj = p_tj (dy_t . v_j - delta_t)        delta_t = dy_t . y_t
// Rounding passes gradients by, so what near and old uses give to a key is summed. Scores have none.
//
//   until     a thread a token: counts who is better, O(T^2) comparisons, no more memory
//   lists     a block 128 queries: the old tokens that any of them reads; at most m + K + 127, however long the text is
//   order     keys that are ever old, sorted by lifetime and then by place: tiles of them are read by much the same queries
//   prepare   turned queries and keys, old keys and values
//   forward   a block 128 queries of a head: tiles of 64 keys, of the window in place, of the list gathered; running maximum
//   queries   the same for dq, and delta
//   keys      a block 64 keys of a group, all its heads: tiles of 64 queries. Old uses of a tile of the order first, into
//             float32 rows, then near uses of consecutive keys, which add those up. So no atomics: results do not depend on the
//             order of blocks.
//   columns   a block 64 keys: max over heads and t >= j + w of p_tj, lse that of all keys (forward with w = T)
//
// Masks are two integers a key. Tiles of which all is read have none: whole ones come first in lists.
//
// Products by wgmma or mma.sync (products.cuh), 64 rows a warpgroup, in bfloat16 with float32 sums; probabilities and their
// slopes stay in registers and are rounded as operands. lse is in base 2.
//
// Shared memory, d 64 and 128: forward 49 and 97 KiB, queries 65 and 129, keys 49 and 97: slots_sizes.
//
// Launch: one argument, Problem by value; grids and threads at each kernel. Compile with D, -arch=sm_90a (wgmma) or sm_80
// and later. Where only forward and columns are wanted, what the others write is null; without lists nothing is old.
#include "slots_members.cuh"
#include "slots_forward.cuh"
#include "slots_queries.cuh"
#include "slots_keys.cuh"

// Dynamic shared memory of forward, queries and keys, and the size of a problem, read by the host.
extern "C" __constant__ int slots_sizes[4] = {F_END, Q_END, K_END, (int)sizeof(Problem)};
