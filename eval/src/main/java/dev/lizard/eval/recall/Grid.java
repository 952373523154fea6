package dev.lizard.eval.recall;

import java.util.List;
import java.util.Locale;

/**
 * Sizes and depths that items stand on. Items go round: first all sizes at one depth, then the next depth, and so
 * once more for each sample; whoever takes the first few has them of all sizes, and of all depths soon.
 *
 * @param sizes tokens of the whole, or entries of a list
 * @param depths 0 to 1
 * @param samples of each size and depth
 */
record Grid(List<Integer> sizes, List<Double> depths, int samples) {
    private static final List<Double> FIVE = List.of(0.0, 0.25, 0.5, 0.75, 1.0);
    private static final int SAMPLES = 20;

    /** What a task is measured at unless it is said. */
    static final Grid STANDARD = of(List.of(256, 512, 1024, 2048, 4096));

    static Grid of(List<Integer> sizes) {
        return new Grid(sizes, FIVE, SAMPLES);
    }

    /** One place on the grid, and which of the samples there. */
    record Place(int size, double depth, int sample) {
        /** Such as {@code 1024-0.25-3}: the same for whatever else is on the grid. */
        String id() {
            return size + "-" + depthText() + "-" + sample;
        }

        String depthText() {
            return String.format(Locale.ROOT, "%.2f", depth);
        }
    }

    int size() {
        return sizes.size() * depths.size() * samples;
    }

    Place place(int index) {
        int round = index / sizes.size();
        return new Place(sizes.get(index % sizes.size()), depths.get(round % depths.size()), round / depths.size());
    }
}
