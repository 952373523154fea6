// Backward of the fused Lizard layer, joint form: gradients of q, k, v, log-gates, sink, share of the window and both
// feature maps, from dy and what the forward saved: top m_i, inverse 1 / den_i, best (the key that holds the row's
// maximum, -1 the sink, either has the whole gradient of the maximum).
//
//   u_i = dy_i / den_i     delta_i = dy_i . y_i     P_ij = exp(s_ij - m_i)     phi(x) = [softmax(x W), softmax(-x W)]
//   window   ds_ij  = e P_ij (dy_i . v_j - delta_i) / den_i  - c_i [j = best_i]
//   far      da_ij  = (dy_i . v_j - delta_i) / den_i         a_ij = phi_i . phi_j exp(g_{j+w+1} + .. + g_i)
//
// c_i is the row sum of e P dP, which the maximum takes back. It is minus the far row sum of a da as well, since a row's
// shares sum to one. delta_i comes from y, which the forward kernel left with its errors and rounded: both sums are off by
// delta's error times their share of the row's mass, with opposite signs. Weighted by each other's share the error cancels,
// and where nothing is far c_i is 0. The two sums together are the error itself. Rows that look at one key alone are all
// cancellation, so kernel 4 takes the corrected delta_i, and kernel 2 puts dq right at the key that holds the maximum. And
// the gradient of a gate sums over rows of all that follows: there every row's error would count (it made half a percent of
// it), so kernel 2 also sums phi_i error_i over a chunk, and kernel 3 puts the slopes of the mass right before they are used.
//
// Far pairs are those of a causal gated recurrence over keys that stand w tokens late. It is cut into chunks of C = 64
// queries; chunk c holds queries 64 c .. and keys 64 c - w .. (any w). Pairs of one chunk are products of 64 x 64; all others
// pass the state S_c [f, d + 1] before the chunk (keys, decayed to its border) or the slope D_c [f, d + 1] after it
// (queries, decayed back to its border):
//
//   1 states    a block a (batch, head, direction), the only loop over the sequence: the state stays in registers (float32),
//               its bf16 image goes to memory before every chunk. On its way it rotates q and k and forms delta. Where
//               heads do not fill the card it is cut into stretches, and a kernel before it sums up each of them.
//   2 queries   a block a chunk: dq, dz_q, row sums, c_i, errors of delta
//   3 settle    a thread a feature: what the errors take from D_c's sums of features
//   4 keys      a block a chunk of keys: dk, dv, dz_k, gate gradients
//   5 maps      dW = x^T dz, a block a share of the chunks of a head
//   6 sums      partial dW, sink and share; dk and dv over the heads of a group
//
// No atomic operation: results do not depend on the order of blocks.
//
// Gates. dg_l is the sum of a da over pairs that span l. As a difference of row and column sums over the whole sequence it
// would drown in their rounding where gates are small, so it is summed by where a pair's ends lie: both in l's chunk (a
// difference of sums of the same float32 numbers), one in it (running sums of one sign), none: exp(G_c) <S_c, D_c>, an
// inner product of state and slope. Decays are differences of running sums within a chunk, formed before exp.
//
// Documents. A token sees those of its own document, which lie together. Far pairs: the log-gate where a document begins
// is CUT, and a key whose place w tokens later lies in another document is never written. Window pairs are masked.
//
// Shared memory a block (d 128, f 128: 96 KB, two blocks an SM; d 64: 64 KB, three): far first: dY, V, both features, the
// state (first both maps); then the window in the same place: rotated rows of the block, two stages of two tiles. Products
// run on a warpgroup of 128 threads, 16 rows a warp; scores, weights and gradients of scores stay in registers from
// product to product, since queries stand in rows in kernel 2 and keys in kernel 4. Scores and features are recomputed in
// both.
//
// Bound. With w = 128 a chunk costs 45 products of 64 x 64 x 128 (d = f = 128), 47 MFLOP, and about 9 KB of device memory
// a token and head (S, D, six activations twice, gradients): 0.8 and 3.2 ms for 16 x 32 heads of 2048 tokens on an H100.
// Measured there: 4.56 and 19.4 (kernel 3 and what it needs: 0.13 and 0.5 of it). So it is latency before memory: one
// warpgroup waits for each of its products, and only the other blocks of its multiprocessor fill the gaps. With d = 64,
// 16 x 9 heads over 3, 2048 tokens: 0.83 ms, of which states take 0.20, queries 0.26, keys 0.27, maps 0.05, sums 0.04.
//
// Ties. The maximum of a row is a key. Where two scores differ by less than rotated rows lose in bf16, arithmetic of higher
// precision may choose the other one: 0.2 to 0.6 % of random rows do, and the whole c_i of such a row moves with it.
//
// Launch: 128 threads a block, one argument: Problem by value; dynamic shared memory of kernels 1, 2, 4 and 5 in
// lizard_backward_sizes (then the size of Problem, and CARRY). Grids: stretches (2 (stretches - 1), H, B) if there are
// several, with the shared memory of states; states (2 stretches, H, B), queries (chunks, H, B), settle (B H f / 128, rounded
// up), keys (keyChunks, H, B), maps (parts, H, 2), sums (any, R > 1 ? 2 : 1) with chunks = ceil(T / 64),
// keyChunks = (T - 1 + w) / 64 + 1, R = H / G, parts: any, about two blocks an SM over H. Compile with D, HALF_F,
// MAP_FLOAT, DOCUMENTS, -arch=sm_90a (wgmma) or sm_80 and later (mma.sync).
#include "backward_states.cuh"
#include "backward_queries.cuh"
#include "backward_settle.cuh"
#include "backward_keys.cuh"
#include "backward_sums.cuh"

// Dynamic shared memory of kernels 1, 2, 4 and 5, the size of a problem, and CARRY, read by the host.
extern "C" __constant__ int lizard_backward_sizes[6] = {S1_END, W_END, W_END, S4_END, (int)sizeof(Problem), CARRY};
