// Of lizard_forward.cu: rows on their way from device memory into the rings and tiles.
#pragma once
#include "forward_sizes.cuh"

/** Small arrays in shared memory. */
struct Small {
    float z[FEATURES];              // sum of decayed phi_k
    float decay[CHUNK];                 // G
    float write[CHUNK];                 // weight of a written key at the chunk's end
    float ages[CHUNK];                  // decay from a written key to the last of its 16
    float mass[CHUNK];                  // phi_q . z
    float factor[CHUNK];                // of a query's row of phi_q S
    float top[2][CHUNK];                // exchange between the two warps of 16 queries
    float sum[2][CHUNK];
    float far[2][CHUNK];
    float total[4];                 // G at the chunk's end
};

/** Element strides of batch, token and head; the last axis is contiguous. */
struct Strides {
    long long batch, token, head;
};

/** What belongs to this block's (batch, head). Token 0 is the first query; keys -past .. are before it. */
struct Source {
    const Io* q;
    const Io* k;
    const Io* v;
    const float* gate;     // [T]
    const int* document;   // [T] or null
    int qt, kt, vt;        // token strides
    int tokens, past;
};

/** What phase 1 needs to know. */
struct Row {
    u32 keys, queries, phiQ, phiK;
    int first;      // time of the chunk's first query
    int ring;       // ring row of column 0 of P, which is time first - WINDOW
    float sink;     // in powers of two
    float share;
    float scale;    // log2(e) / sqrt(d)
    float* maximum; // [T] of this head, or null
    float* inverse;
    int* argmax;
};

/** Part of a tile of 64 rows that a thread copies: one piece of every 16th row, COPIES in all. */
constexpr int COPIES = 4;
static_assert(THREADS == 2 * D, "a pass of copies is 16 rows");

__device__ __forceinline__ int ownRow() {
    return threadIdx.x / (D / 8);
}

__device__ __forceinline__ int ownPiece() {
    return threadIdx.x % (D / 8);
}

__device__ __forceinline__ bool within(int row, int lowest, int end) {
    return (u32)(row - lowest) < (u32)(end - lowest);
}

/** Rows from .. from + 63 of k or v into a ring at row `to`, a multiple of 16. */
__device__ __forceinline__ void stageRows(u32 ring, int to, const Io* x, int stride, const Source& in, int from) {
    const Io* own = x + (long long)(from + ownRow()) * stride + 8 * ownPiece();
    u32 place = ring + at<RING>(ownRow(), ownPiece());
#pragma unroll
    for (int n = 0; n < COPIES; n++) {
        int row = to + 16 * n;
        row -= row >= RING ? RING : 0;
        bool valid = within(from + ownRow() + 16 * n, -in.past, in.tokens);
        stage8(place + row * 128, valid ? own + (long long)(16 * n) * stride : x, valid);
    }
}

/** Rows of the tables from position `from` on. */
__device__ __forceinline__ void stageTables(
        u32 base, const float* cosines, const float* sines, int pitch, int from, int last) {
#pragma unroll
    for (int n = 0; n < COPIES; n++) {
        int row = ownRow() + 16 * n;
        long long at = (long long)min(from + row, last) * pitch + 4 * ownPiece();
        u32 to = Rotation<D>::tableAt(row, ownPiece());
        copy16(base + COSINES + to, cosines + at, true);
        copy16(base + SINES + to, sines + at, true);
    }
}

/** The w rows before `from` into the ring's first rows. */
__device__ __forceinline__ void stageWindow(u32 ring, const Io* x, int stride, const Source& in, int from) {
    for (int row = ownRow(); row < WINDOW; row += 16) {
        bool valid = within(from - WINDOW + row, -in.past, in.tokens);
        stage8(ring + at<RING>(row, ownPiece()),
               valid ? x + (long long)(from - WINDOW + row) * stride + 8 * ownPiece() : x, valid);
    }
}

/** A tile of 64 rows on its way through registers. */
struct Held {
    uint4 x[COPIES];

    __device__ __forceinline__ void read(const Io* from, int stride, int row, int lowest, int end) {
        const Io* own = from + (long long)(row + ownRow()) * stride + 8 * ownPiece();
#pragma unroll
        for (int n = 0; n < COPIES; n++) {
            bool valid = within(row + ownRow() + 16 * n, lowest, end);
            x[n] = read8(valid ? own + (long long)(16 * n) * stride : from, valid);
        }
    }

    __device__ __forceinline__ void write(u32 tile) const {
        u32 own = tile + at<CHUNK>(ownRow(), ownPiece());
#pragma unroll
        for (int n = 0; n < COPIES; n++) {
            store16(own + n * 16 * 128, x[n]);
        }
    }
};

__device__ __forceinline__ void stageMap(u32 tile, const Map* w) {
    for (int t = threadIdx.x; t < D * (HALF_F / 8); t += THREADS) {
        int row = t / (HALF_F / 8), piece = t % (HALF_F / 8);
        stage8(tile + at<D>(row, piece), w + row * HALF_F + 8 * piece, true);
    }
}
