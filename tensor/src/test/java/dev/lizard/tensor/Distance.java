package dev.lizard.tensor;

/** How far numbers are from what they should be. */
public final class Distance {
    private Distance() {}

    /** ‖actual − expected‖ / ‖expected‖. */
    public static double relative(float[] actual, float[] expected) {
        double error = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            error += Math.pow(actual[i] - expected[i], 2);
            size += Math.pow(expected[i], 2);
        }
        return Math.sqrt(error / size);
    }
}
