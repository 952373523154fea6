package dev.lizard.generate;

import dev.lizard.base.LizardException;

/**
 * The tokens that are still in the draw, with their unnormalised probabilities. The arrays are made once and reused.
 * Only as much is sorted as a filter asks for: a heap over what is not negligible gives up its largest one by one.
 */
final class Candidates {
    /** Logits this far below the largest, in units of the temperature, weigh nothing: e⁻⁴⁰ = 4·10⁻¹⁸. */
    private static final double NEGLIGIBLE = 40;

    private final float[] logits;
    private final int[] ids;
    private final double[] weights;
    private final int[] heap;
    private double top;
    private double temperature;
    private int count;
    private boolean sorted;
    private int heaped;

    Candidates(int vocabulary) {
        logits = new float[vocabulary];
        ids = new int[vocabulary];
        weights = new double[vocabulary];
        heap = new int[vocabulary];
    }

    /** The logits by id, to be filled before {@link #begin}. */
    float[] logits() {
        return logits;
    }

    /** Number of tokens left. */
    int count() {
        return count;
    }

    int id(int i) {
        return ids[i];
    }

    /** Probability of candidate {@code i} relative to that of the likeliest token, in (0, 1]. */
    double weight(int i) {
        return weights[i];
    }

    double total() {
        double total = 0;
        for (int i = 0; i < count; i++) {
            total += weights[i];
        }
        return total;
    }

    /**
     * Id of the largest logit, the lowest of equals.
     *
     * @throws LizardException FAILED where a logit is NaN or none is finite
     */
    static int argmax(float[] logits) {
        int best = -1;
        float top = Float.NEGATIVE_INFINITY;
        boolean broken = false;
        for (int i = 0; i < logits.length; i++) {
            float x = logits[i];
            broken |= Float.isNaN(x);
            if (x > top) {
                top = x;
                best = i;
            }
        }
        if (broken || best < 0 || top == Float.POSITIVE_INFINITY) {
            throw broken();
        }
        return best;
    }

    /** What is said where no token can be chosen. */
    static LizardException broken() {
        return LizardException.failed("cannot choose a token in the model's output: expected finite logits but found"
                + " NaN or infinity; check the model with `lizard inspect`, or try --dtype float32");
    }

    /** Takes in all tokens that weigh anything at this temperature, in order of ids. */
    void begin(double newTemperature) {
        temperature = newTemperature;
        top = logits[argmax(logits)];
        double floor = top - NEGLIGIBLE * temperature;
        count = 0;
        sorted = false;
        for (int id = 0; id < logits.length; id++) {
            if (logits[id] >= floor) {
                ids[count] = id;
                weights[count++] = weightOf(id);
            }
        }
    }

    private double weightOf(int id) {
        return Math.exp((logits[id] - top) / temperature);
    }

    /** Leaves the {@code k} likeliest. */
    void keepLargest(int k) {
        if (k < count) {
            startSorting();
            for (int i = 0; i < k; i++) {
                takeLargest(i);
            }
            count = k;
            sorted = true;
        }
    }

    /** Leaves the fewest of the likeliest that hold {@code share} of the probability. */
    void keepShare(double share) {
        double wanted = share * total();
        boolean unsorted = !sorted;
        if (unsorted) {
            startSorting();
        }
        double held = 0;
        int kept = 0;
        while (kept < count && held < wanted) {
            if (unsorted) {
                takeLargest(kept);
            }
            held += weights[kept++];
        }
        count = kept;
        sorted = true;
    }

    /** Leaves those that weigh {@code least} or more. */
    void keepWeight(double least) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (weights[i] >= least) {
                ids[kept] = ids[i];
                weights[kept++] = weights[i];
            }
        }
        count = kept;
    }

    /** The first of the likeliest with which they hold more than {@code share} of what is left. */
    int at(double share) {
        double left = share * total();
        if (!sorted) {
            startSorting();
        }
        for (int i = 0; i < count - 1; i++) {
            if (!sorted) {
                takeLargest(i);
            }
            left -= weights[i];
            if (left < 0) {
                return ids[i];
            }
        }
        if (!sorted) {
            takeLargest(count - 1);
        }
        return ids[count - 1];
    }

    // ---- a heap of ids, largest logit first -----------------------------------------------------------------------

    private void startSorting() {
        System.arraycopy(ids, 0, heap, 0, count);
        heaped = count;
        for (int i = heaped / 2 - 1; i >= 0; i--) {
            siftDown(i);
        }
    }

    /** Moves the largest of the heap to place {@code i}. */
    private void takeLargest(int i) {
        int id = heap[0];
        heap[0] = heap[--heaped];
        siftDown(0);
        ids[i] = id;
        weights[i] = weightOf(id);
    }

    private void siftDown(int from) {
        int id = heap[from];
        int at = from;
        while (2 * at + 1 < heaped) {
            int child = 2 * at + 1;
            if (child + 1 < heaped && before(heap[child + 1], heap[child])) {
                child++;
            }
            if (!before(heap[child], id)) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = id;
    }

    private boolean before(int a, int b) {
        return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
    }
}
