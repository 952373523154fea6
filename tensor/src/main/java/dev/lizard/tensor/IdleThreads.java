package dev.lizard.tensor;

/**
 * How long libtorch's idle threads spin before they sleep.
 *
 * <p>Two pools take turns in one forward pass: OpenMP's for most operations, OpenBLAS's for products of matrices.
 * OpenMP's threads, left to themselves, go on spinning for milliseconds after an operation and so hold the very cores
 * on which the other pool should run: decoding on two cores was five times slower than on one. A thousand turns bridge
 * the gap between two operations of the same pool, no more.
 */
final class IdleThreads {
    private IdleThreads() {}

    /** To be called before libtorch is loaded, which reads the environment once; what the user has set stays. */
    static void spinBriefly() {
        if (System.getenv("OMP_WAIT_POLICY") == null) {
            Environment.setIfAbsent("GOMP_SPINCOUNT", "1000");
        }
    }
}
