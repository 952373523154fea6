// The matrix memory over whole sequences, features given: gated linear attention forward, and its gradients. q_t, k_t are
// rows of f features, v_t a row of d values, with a one beside them if COUNTED; S [f, d (+ 1)] a head:
//
//   S_t = Diag(exp g_t) S_{t-1} + k_t^T v_t        y_t = q_t S_t        mass_t = q_t . z_t, z the column of ones' sums
//
// g_t <= 0 is absent, one number a head, or one a row of S (GATES). Nothing is divided here: mixers join y and mass with what
// else they have. Heads of a group share v; q and k are each head's own.
//
// Chunks of C = 64 tokens. With b the running sums of g from the chunk's start, its token included, S the state before the
// chunk and D the slope after it, for tokens i >= j of one chunk:
//
//   a_ij = sum over features of q_i k_j exp(b_i - b_j)           y_i = sum_j a_ij v_j + (q_i exp b_i) S
//   S'   = exp(b_63) S + sum_j (k_j exp(b_63 - b_j))^T v_j       da_ij = dy_i . v_j (+ dmass_i)
//   dq_i = sum_j da_ij k_j exp(b_i - b_j) + exp(b_i) S dy_i    dk_j = sum_i da_ij q_i exp(b_i - b_j) + exp(b_63 - b_j) D v_j
//   dv_j = sum_i a_ij dy_i + (k_j exp(b_63 - b_j)) D             D before = exp(b_63) D + sum_i (q_i exp b_i)^T dy_i
//
//   1 states     a block a (64 features, head, batch, direction), the only loop over the sequence: rows of S do not know of one
//                another, so they part freely. The state stays in registers (float32), its bf16 image goes to memory before
//                every chunk, its column of sums in float32. The slope runs backwards in the same way.
//   2 outputs    a block a chunk, 64 features at a time: y and mass
//   3 gradients  a block a chunk: scores and their slopes once, then dq, dk, and dv's part, 64 features at a time
//   4 groups     dv over the heads of a group
//
// No atomic operation: results do not depend on the order of blocks.
//
// Every exponent is a difference formed before exp and at most 0. One gate a head: a [64, 64] table beside the product q k^T.
// Gates by row enter each product's sum: memory_pairs.cuh parts a chunk once more, into sub-chunks of 16 tokens (the secondary
// chunks of Yang et al. 2024, arXiv 2312.06635, section 4.3), with exact sums inside them.
//
// Gates' slopes are summed by where a pair's ends lie, as in lizard_backward.cu: both in the chunk, one, none. By row the sum
// of q dq - k dk is taken over one chunk only, and of factors that are the same numbers on both sides (memory_row_slopes.cuh),
// so that pairs which do not span a gate cancel to float32's last bits however small the rest is.
//
// Launch: 128 threads a block, one argument: Problem by value; dynamic shared memory of kernels 1 to 3 in memory_sizes (then
// the size of Problem). Grids: states (f / 64, H, B), twice as wide for gradients; outputs and gradients (N, H, B) with
// N = ceil(T / 64); groups any. Gradients compute states again, nothing is kept. Compile with D, FEATURES, GATES, COUNTED,
// -arch=sm_90a (wgmma) or sm_80 and later (mma.sync).
//
// Bound, f = d = 128: 6.3 MFLOP a chunk and head and 2.8 KB of device memory a token and head forward, so memory: 0.9 ms for
// 16 x 32 heads of 2048 tokens on an H100. Gates by row add 70 thousand exponentials a chunk forward, 0.3 ms there. Not
// measured yet.
#include "memory_states.cuh"
#include "memory_outputs.cuh"
#include "memory_gradients.cuh"

// Dynamic shared memory of the kernels, and the size of a problem, read by the host.
extern "C" __constant__ int memory_sizes[4] = {S_END, O_END, G_END, (int)sizeof(Problem)};
