package dev.lizard.model;

import dev.lizard.tensor.Tensor;

/** Root-mean-square norm (Zhang and Sennrich 2019) over the last axis. */
record Norm(Weight weight, double epsilon) {
    Tensor apply(Tensor x) {
        return x.rmsNorm(weight.use(), epsilon);
    }
}
