// The smallest kernel that proves driver, compiler and launch: out[i] = i * factor.
extern "C" __global__ void trial(float* out, int count, float factor) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) out[i] = i * factor;
}
