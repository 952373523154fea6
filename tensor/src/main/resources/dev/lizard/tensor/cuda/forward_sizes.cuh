// Of lizard_forward.cu: sizes of the problem and places in shared memory.
#pragma once
#include "common.cuh"
#include "products.cuh"

#ifndef MODE
#define MODE 0
#endif
#define JOINT 0
#define SUM 1
#define NEAR 2

#ifndef GROUPED
#define GROUPED (WGMMA && D == 128) // products by warpgroups: where they have been seen to be faster
#endif

#ifdef IO_FLOAT
typedef float Io;
#else
typedef u16 Io;
#endif
#ifdef MAP_FLOAT
typedef float Map;
#else
typedef u16 Map;
#endif

using namespace lz;

constexpr int CHUNK = 64;                   // queries of a chunk
constexpr int FEATURES = 2 * HALF_F;        // f
constexpr int WARPS = D / 16;
constexpr int THREADS = 32 * WARPS;
constexpr int PAIR = WARPS / 4;             // warps that share 16 queries
constexpr int RING = WINDOW + CHUNK;        // rows of the rings
constexpr int LAG = MODE == JOINT ? WINDOW : 0;
constexpr int BAND = (WINDOW + 16) / 8;     // blocks of 8 keys in the band of 16 queries
constexpr int WHOLE = WINDOW % 64 == 0 ? 64 : WINDOW % 32 == 0 ? 32 : 16; // rows that no ring's end cuts
constexpr int STEPS = RING / 16;            // of 16 columns of P
constexpr int NF = FEATURES / 8;
constexpr bool FAR = MODE != NEAR;
constexpr int WRITTEN = LAG == 0 ? WINDOW : 0; // column of P at which the written keys stand
constexpr int SHARE = NF / 2 > WARPS ? NF / 2 / WARPS : 1; // pairs of blocks of features whose part of z a warp sums

static_assert(D == 64 || D == 128, "head width");
static_assert(HALF_F % 16 == 0, "features");
static_assert(WINDOW % 16 == 0 && WINDOW >= 64, "window");

constexpr int panels(int columns) {
    return (columns + 63) / 64;
}

constexpr int CARRY = THREADS * 4 * NF + FEATURES + 4; // floats that a stretch leaves: S, z, decay

constexpr int larger(int a, int b) {
    return a > b ? a : b;
}

// Byte offsets.
constexpr int KEYS = 0;
constexpr int VALUES = KEYS + panels(D) * RING * 128;
constexpr int PHI_K = VALUES + panels(D) * RING * 128;             // first the written keys, raw
constexpr int QUERIES = PHI_K + panels(larger(FEATURES, D)) * CHUNK * 128;
constexpr int PHI_Q = QUERIES + panels(D) * CHUNK * 128;
constexpr int WEIGHTS = QUERIES;                                   // P, over q and phi_q
constexpr int MAP_Q = QUERIES + larger(panels(D) + panels(FEATURES), panels(RING)) * CHUNK * 128;
constexpr int MAP_K = MAP_Q + panels(HALF_F) * D * 128;
constexpr bool TABLES = D == 128;                                 // cos and sin by shared memory, else by registers
constexpr int COSINES = MAP_K + panels(HALF_F) * D * 128;
constexpr int SINES = COSINES + (TABLES ? CHUNK * 2 * D : 0);
constexpr int SMALL = SINES + (TABLES ? CHUNK * 2 * D : 0);
constexpr int SHARED = SMALL + (int)sizeof(float) * (FEATURES + 11 * CHUNK + 4);
