package dev.lizard.distill;

import java.util.List;

/**
 * How near each replaced layer came to its softmax; also a line of {@code log.jsonl}.
 *
 * @param stage the stage it was measured in
 * @param step its step
 * @param layers the replaced layers
 * @param relativeErrors squared error of the per-head outputs over their squared size, on a held-out batch
 */
public record LayerErrors(String stage, long step, List<Integer> layers, List<Double> relativeErrors) {
    public LayerErrors {
        layers = List.copyOf(layers);
        relativeErrors = List.copyOf(relativeErrors);
    }
}
