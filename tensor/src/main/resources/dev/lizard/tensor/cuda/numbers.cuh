// Of kernels of a decoding step: numbers as a model of this BF16 has them, one or four at a time.
#pragma once

#if BF16
typedef unsigned short io;
__device__ __forceinline__ float load(io x) { return __uint_as_float((unsigned)x << 16); }
__device__ __forceinline__ float4 load4(const io* from) {
    const uint2 x = *(const uint2*)from;
    return make_float4(
        __uint_as_float(x.x << 16), __uint_as_float(x.x & 0xffff0000u), __uint_as_float(x.y << 16),
        __uint_as_float(x.y & 0xffff0000u));
}
__device__ __forceinline__ io store(float x) {
    unsigned bits = __float_as_uint(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fc0;
    return (io)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16); // to nearest, ties to even
}
#else
typedef float io;
__device__ __forceinline__ float load(io x) { return x; }
__device__ __forceinline__ io store(float x) { return x; }
#endif
__device__ __forceinline__ float4 load4(const float* from) { return *(const float4*)from; }
