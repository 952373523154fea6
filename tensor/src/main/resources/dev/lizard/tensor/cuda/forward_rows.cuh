// Of lizard_forward.cu: what the warps of 16 queries tell one another of their rows' masses, and the factors that follow.
// A lane has of two rows, r and r + 8, what is in its warp's columns.
#pragma once
#include "forward_memory.cuh"

/**
 * The maximum of row r + 8 y over the columns of four lanes; with SAVE also the first key that has it. x: scores, `first` the
 * key of this lane's first column.
 */
template <int N>
__device__ __forceinline__ float highest(const float (&x)[N][4], int y, [[maybe_unused]] int first, int& where) {
    float best = NONE;
#pragma unroll
    for (int n = 0; n < N; n++) {
        best = fmaxf(best, fmaxf(x[n][2 * y], x[n][2 * y + 1]));
    }
    best = quadMax(best);
    where = 1 << 20; // none of this lane's
#ifdef SAVE
#pragma unroll
    for (int n = N - 1; n >= 0; n--) {
        where = x[n][2 * y + 1] == best ? 8 * n + 1 : where;
        where = x[n][2 * y] == best ? 8 * n : where;
    }
    where = quadMin(where + first);
#endif
    return best;
}

/** Leaves for the other warp of these queries this one's maximum and masses, and where the maximum is; then meets it. */
template <bool WITH_FAR>
__device__ __forceinline__ void tell(
        Small& small, const float (&top)[2], const float (&sum)[2], const float (&lin)[2], const int (&where)[2], int warp,
        int lane) {
    const int side = warp >> 2;
    if ((lane & 3) == 0) {
#pragma unroll
        for (int y = 0; y < 2; y++) {
            int row = 16 * (warp & 3) + (lane >> 2) + 8 * y;
            small.top[side][row] = top[y], small.sum[side][row] = sum[y];
            if (WITH_FAR) {
                small.far[0][row] = lin[y];
            }
#ifdef SAVE
            if (side == 1) {
                small.far[1][row] = __int_as_float(where[y]);
            }
#endif
        }
    }
    barrier(1 + (warp & 3), 64);
}

/**
 * The factors of the row's terms in P: of exponentials below this warp's maximum, and of what is far. Writes what the
 * row's phi_q S and the backward pass need.
 */
__device__ __forceinline__ void balance(
        float& nearFactor, float& farFactor, const Row& in, const Source& source, Small& small, float mine, float all,
        float lin, [[maybe_unused]] int where, int y, int warp, int lane) {
    const int side = warp >> 2, row = 16 * (warp & 3) + (lane >> 2) + 8 * y;
    [[maybe_unused]] int time = in.first + row;
    float other = NONE;
    if (PAIR == 2) {
        other = small.top[1 - side][row];
        lin = FAR ? small.far[0][row] : 0.f;
    }
    float best = fmaxf(fmaxf(mine, other), in.sink);
    float mineFactor = exp2Fast(mine - best);
    all *= mineFactor;
    if (PAIR == 2) {
        all += small.sum[1 - side][row] * exp2Fast(other - best);
    }
    all += exp2Fast(in.sink - best);
    float g = FAR ? exp2Fast(small.decay[row]) : 0.f;
#ifdef DOCUMENTS
    g = in.first == 0 || source.document[in.first - 1] == source.document[min(time, source.tokens - 1)] ? g : 0.f;
#endif
    float linear = FAR ? lin + g * small.mass[row] : 0.f;
    float inverse;
    if (MODE == JOINT) {
        inverse = reciprocal(linear + in.share * all);
        nearFactor = in.share * inverse, farFactor = inverse;
    } else if (MODE == SUM) {
        inverse = reciprocal(all);
        nearFactor = (1.f - in.share) * inverse, farFactor = in.share * reciprocal(linear);
    } else {
        inverse = reciprocal(all);
        nearFactor = inverse, farFactor = 0.f;
    }
    if (side == 0 && (lane & 3) == 0) {
        small.factor[row] = farFactor * g;
#ifdef SAVE
        if (time < source.tokens) {
            int at = where;
            if (PAIR == 2 && other > mine) {
                at = __float_as_int(small.far[1][row]);
            }
            in.maximum[time] = best * LN2;
            in.inverse[time] = inverse;
            in.argmax[time] = in.sink >= best ? -1 : at + source.past;
        }
#endif
    }
    nearFactor *= mineFactor;
}

/**
 * 16 columns of a row of y: of a lane a holds columns 2 c and the next, b those 8 on. Two lanes swap halves, so that four
 * lanes write 32 consecutive bytes.
 */
__device__ __forceinline__ void writeRow(u16* to, u32 a, u32 b, int c, bool valid) {
    u32 given = __shfl_xor_sync(0xffffffffu, c & 1 ? a : b, 1);
    if (valid) {
        if (c & 1) {
            write4(to + 8 + 2 * (c - 1), given, b);
        } else {
            write4(to + 2 * c, a, given);
        }
    }
}
