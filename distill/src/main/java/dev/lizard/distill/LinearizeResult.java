package dev.lizard.distill;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What a run of {@link Linearizer} has to show, read from its log.
 *
 * @param out the converted folder
 * @param steps every step of every stage
 * @param measurements held-out quality in the order it was measured: {@code teacher}, {@code swapped}, then
 *     {@code student}, {@code window only} and {@code linear only} after each stage
 * @param layerErrors after each stage that matches outputs
 */
public record LinearizeResult(
        Path out, List<StepRecord> steps, List<Measurement> measurements, List<LayerErrors> layerErrors) {
    public LinearizeResult {
        steps = List.copyOf(steps);
        measurements = List.copyOf(measurements);
        layerErrors = List.copyOf(layerErrors);
    }

    /**
     * Reads {@code log.jsonl} of a converted folder.
     *
     * @throws LizardException INPUT where there is none or it is broken
     */
    public static LinearizeResult read(Path out) {
        List<StepRecord> steps = new ArrayList<>();
        List<Measurement> measurements = new ArrayList<>();
        List<LayerErrors> errors = new ArrayList<>();
        Path log = out.resolve(RunLog.FILE);
        try {
            for (String line : Files.readAllLines(log)) {
                JsonNode node = Json.parse(line, log.toString(), LizardException.Kind.INPUT);
                if (node.has("loss")) {
                    steps.add(Json.MAPPER.treeToValue(node, StepRecord.class));
                } else if (node.has("nll")) {
                    measurements.add(Json.MAPPER.treeToValue(node, Measurement.class));
                } else if (node.has("relative_errors")) {
                    errors.add(Json.MAPPER.treeToValue(node, LayerErrors.class));
                }
            }
        } catch (IOException e) {
            throw new LizardException(
                    LizardException.Kind.INPUT, "cannot read " + log + ": " + e.getMessage() + "; check the folder", e);
        }
        return new LinearizeResult(out, steps, measurements, errors);
    }
}
