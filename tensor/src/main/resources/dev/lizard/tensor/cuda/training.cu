// The parts of a training step that move much memory and compute little, each in one pass over its data: RMS norm after
// a residual addition, the gate of the MLP, cross-entropy with its gradient, squared error with its gradient, rotation.
// Compiled with BF16 = 1 for bfloat16, without it for float32; arithmetic is float32 in both. A thread moves pieces
// of 16 bytes, so sizes along the last axis are multiples of LANES. Nothing is added atomically: same in, same out.

typedef unsigned int u32;

#if BF16
#define LANES 8
typedef unsigned short Number;

__device__ __forceinline__ void load(const Number* p, float* x) {
  uint4 v = *reinterpret_cast<const uint4*>(p);
  u32 w[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    x[2 * i] = __uint_as_float(w[i] << 16);
    x[2 * i + 1] = __uint_as_float(w[i] & 0xffff0000u);
  }
}

__device__ __forceinline__ void store(Number* p, const float* x) {
  u32 w[4];
#pragma unroll
  for (int i = 0; i < 4; i++) asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(w[i]) : "f"(x[2 * i + 1]), "f"(x[2 * i]));
  *reinterpret_cast<uint4*>(p) = make_uint4(w[0], w[1], w[2], w[3]);
}

__device__ __forceinline__ float one(const Number* p) { return __uint_as_float((u32)*p << 16); }
#else
#define LANES 4
typedef float Number;

__device__ __forceinline__ void load(const Number* p, float* x) {
  float4 v = *reinterpret_cast<const float4*>(p);
  x[0] = v.x; x[1] = v.y; x[2] = v.z; x[3] = v.w;
}

__device__ __forceinline__ void store(Number* p, const float* x) {
  *reinterpret_cast<float4*>(p) = make_float4(x[0], x[1], x[2], x[3]);
}

__device__ __forceinline__ float one(const Number* p) { return *p; }
#endif

/** p + q, where there is a q. */
__device__ __forceinline__ void loadSum(const Number* p, const Number* q, float* x) {
  load(p, x);
  if (q) {
    float y[LANES];
    load(q, y);
#pragma unroll
    for (int i = 0; i < LANES; i++) x[i] += y[i];
  }
}

__device__ __forceinline__ float warpSum(float x) {
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) x += __shfl_xor_sync(~0u, x, o);
  return x;
}

/** The sum over all threads of a block of up to 1,024, to every thread; `room` holds 32 floats. */
__device__ __forceinline__ float blockSum(float x, float* room) {
  x = warpSum(x);
  __syncthreads();
  if ((threadIdx.x & 31) == 0) room[threadIdx.x >> 5] = x;
  __syncthreads();
  x = threadIdx.x % 32 < blockDim.x / 32 ? room[threadIdx.x & 31] : 0;
  return warpSum(x);
}

#define EACH(at, count) \
  for (long long at = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * LANES; at < (count); \
       at += (long long)gridDim.x * blockDim.x * LANES)

// ---- the MLP's gate: y = silu(g) u of rows [g | u] ----

extern "C" __global__ void gateForward(const Number* both, Number* y, long long count, int width) {
  EACH(at, count) {
    const Number* row = both + at / width * 2 * width + at % width;
    float a[LANES], b[LANES];
    load(row, a);
    load(row + width, b);
#pragma unroll
    for (int i = 0; i < LANES; i++) a[i] = a[i] / (1 + __expf(-a[i])) * b[i];
    store(y + at, a);
  }
}

extern "C" __global__ void gateBackward(
    const Number* both, const Number* dy, Number* d, long long count, int width) {
  EACH(at, count) {
    long long place = at / width * 2 * width + at % width;
    float a[LANES], b[LANES], g[LANES], e[LANES];
    load(both + place, a);
    load(both + place + width, b);
    load(dy + at, g);
#pragma unroll
    for (int i = 0; i < LANES; i++) {
      float s = 1 / (1 + __expf(-a[i]));
      e[i] = g[i] * a[i] * s;
      a[i] = g[i] * b[i] * s * (1 + a[i] * (1 - s));
    }
    store(d + place, a);
    store(d + place + width, e);
  }
}

// ---- residual addition and RMS norm: s = x + r, y = s / rms(s) w; a warp a row ----

extern "C" __global__ void normForward(
    const Number* x, const Number* r, const Number* w, Number* s, Number* y, float* inverse, int rows, int width,
    float epsilon) {
  int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (row >= rows) return;
  long long base = (long long)row * width;
  float sum = 0;
  for (int c = (threadIdx.x & 31) * LANES; c < width; c += 32 * LANES) {
    float a[LANES];
    load(x + base + c, a);
    if (r) {
      float b[LANES];
      load(r + base + c, b);
#pragma unroll
      for (int i = 0; i < LANES; i++) a[i] += b[i];
      store(s + base + c, a);
      load(s + base + c, a);  // as rounded: the norm is that of what is stored
    }
#pragma unroll
    for (int i = 0; i < LANES; i++) sum += a[i] * a[i];
  }
  float scale = rsqrtf(warpSum(sum) / width + epsilon);
  if ((threadIdx.x & 31) == 0 && inverse) inverse[row] = scale;
  const Number* from = r ? s : x;
  for (int c = (threadIdx.x & 31) * LANES; c < width; c += 32 * LANES) {
    float a[LANES], b[LANES];
    load(from + base + c, a);
    load(w + c, b);
#pragma unroll
    for (int i = 0; i < LANES; i++) a[i] = a[i] * scale * b[i];
    store(y + base + c, a);
  }
}

/** dx = ds + inverse (w dy - s inverse^2 mean(w dy s)) with dy = dy1 + dy2; dy2 and ds may be null. */
extern "C" __global__ void normBackward(
    const Number* s, const Number* w, const float* inverse, const Number* dy1, const Number* dy2, const Number* ds,
    Number* dx, int rows, int width) {
  int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (row >= rows) return;
  long long base = (long long)row * width;
  float sum = 0;
  for (int c = (threadIdx.x & 31) * LANES; c < width; c += 32 * LANES) {
    float a[LANES], b[LANES], d[LANES];
    load(s + base + c, a);
    load(w + c, b);
    loadSum(dy1 + base + c, dy2 ? dy2 + base + c : 0, d);
#pragma unroll
    for (int i = 0; i < LANES; i++) sum += a[i] * b[i] * d[i];
  }
  float scale = inverse[row];
  float mean = warpSum(sum) / width * scale * scale;
  for (int c = (threadIdx.x & 31) * LANES; c < width; c += 32 * LANES) {
    float a[LANES], b[LANES], d[LANES];
    load(s + base + c, a);
    load(w + c, b);
    loadSum(dy1 + base + c, dy2 ? dy2 + base + c : 0, d);
#pragma unroll
    for (int i = 0; i < LANES; i++) a[i] = scale * (b[i] * d[i] - a[i] * mean);
    if (ds) {
      load(ds + base + c, b);
#pragma unroll
      for (int i = 0; i < LANES; i++) a[i] += b[i];
    }
    store(dx + base + c, a);
  }
}

// ---- cross-entropy: logits become their gradient; a block a row ----

/** loss = logsumexp - logit of the target, 0 where the target is negative; gradient times factor / *count. */
extern "C" __global__ void crossEntropy(
    Number* logits, const long long* targets, float* loss, int width, const float* count, float factor) {
  __shared__ float room[32];
  Number* z = logits + (long long)blockIdx.x * width;
  long long target = targets[blockIdx.x];
  if (target < 0) {
    float zero[LANES] = {};
    for (int c = threadIdx.x * LANES; c < width; c += blockDim.x * LANES) store(z + c, zero);
    if (threadIdx.x == 0) loss[blockIdx.x] = 0;
    return;
  }
  float top = -3e38f, sum = 0;
  for (int c = threadIdx.x * LANES; c < width; c += blockDim.x * LANES) {
    float a[LANES];
    load(z + c, a);
    float high = a[0];
#pragma unroll
    for (int i = 1; i < LANES; i++) high = fmaxf(high, a[i]);
    if (!(high <= top)) {
      sum *= __expf(top - high);
      top = high;
    }
#pragma unroll
    for (int i = 0; i < LANES; i++) sum += __expf(a[i] - top);
  }
  float all = top;
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) all = fmaxf(all, __shfl_xor_sync(~0u, all, o));
  if ((threadIdx.x & 31) == 0) room[threadIdx.x >> 5] = all;
  __syncthreads();
  all = threadIdx.x % 32 < blockDim.x / 32 ? room[threadIdx.x & 31] : -3e38f;
#pragma unroll
  for (int o = 16; o > 0; o >>= 1) all = fmaxf(all, __shfl_xor_sync(~0u, all, o));
  sum = blockSum(sum * __expf(top - all), room);
  float normaliser = all + logf(sum);
  float share = factor / *count;
  if (threadIdx.x == 0) loss[blockIdx.x] = normaliser - one(z + target);
  __syncthreads();
  for (int c = threadIdx.x * LANES; c < width; c += blockDim.x * LANES) {
    float a[LANES];
    load(z + c, a);
#pragma unroll
    for (int i = 0; i < LANES; i++) a[i] = (__expf(a[i] - normaliser) - (c + i == target ? 1.f : 0.f)) * share;
    store(z + c, a);
  }
}

// ---- squared error: dy = factor (y - t), and each block's sum of (y - t)^2 ----

extern "C" __global__ void squaredError(
    const Number* y, const Number* t, Number* dy, float* sums, long long count, float factor) {
  __shared__ float room[32];
  float sum = 0;
  EACH(at, count) {
    float a[LANES], b[LANES];
    load(y + at, a);
    load(t + at, b);
#pragma unroll
    for (int i = 0; i < LANES; i++) {
      a[i] -= b[i];
      sum += a[i] * a[i];
      a[i] *= factor;
    }
    store(dy + at, a);
  }
  sum = blockSum(sum, room);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// ---- rotation of pairs (i, i + d/2) of x [rows, heads, d] by the angle of row % tokens; sign -1 turns back ----

/** Rows of x begin `stride` numbers apart, those of y follow one another; so do those of the angles' tables, d wide. */
extern "C" __global__ void rotate(
    const Number* x, Number* y, const float* cosines, const float* sines, long long pieces, int heads, int d,
    int tokens, long long stride, float sign) {
  int half = d / 2;
  int perHead = half / LANES;
  for (long long p = (long long)blockIdx.x * blockDim.x + threadIdx.x; p < pieces; p += (long long)gridDim.x * blockDim.x) {
    int c = (int)(p % perHead) * LANES;
    long long head = p / perHead;
    long long row = head / heads;
    const Number* from = x + row * stride + head % heads * d + c;
    Number* to = y + head * d + c;
    long long angle = row % tokens * d + c;
    float a[LANES], b[LANES], e[LANES], f[LANES];
    load(from, a);
    load(from + half, b);
#pragma unroll
    for (int i = 0; i < LANES; i++) {
      float cosine = cosines[angle + i], sine = sign * sines[angle + i];
      e[i] = a[i] * cosine - b[i] * sine;
      f[i] = b[i] * cosine + a[i] * sine;
    }
    store(to, e);
    store(to + half, f);
  }
}
