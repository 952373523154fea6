package dev.lizard.distill;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What a run of {@link Linearizer} has to show, read from its log.
 *
 * @param out the converted folder
 * @param steps every step of every stage
 * @param measurements held-out quality in the order it was measured: {@code teacher}, {@code swapped}, then
 *     {@code student}, {@code window only}, {@code linear only} and {@code without slots} after each stage
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
     * @param notes receives a line where some of it, or all, is missing
     * @throws LizardException INPUT where it cannot be read
     */
    public static LinearizeResult read(Path out, Consumer<String> notes) {
        int unreadable = 0;
        List<StepRecord> steps = new ArrayList<>();
        List<Measurement> measurements = new ArrayList<>();
        List<LayerErrors> errors = new ArrayList<>();
        Path log = out.resolve(RunLog.FILE);
        try {
            for (String line : new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                try {
                    JsonNode node = Json.MAPPER.readTree(line);
                    if (node.has("loss")) {
                        steps.add(Json.MAPPER.treeToValue(node, StepRecord.class));
                    } else if (node.has("nll")) {
                        measurements.add(Json.MAPPER.treeToValue(node, Measurement.class));
                    } else if (node.has("relative_errors")) {
                        errors.add(Json.MAPPER.treeToValue(node, LayerErrors.class));
                    }
                } catch (JacksonException e) {
                    unreadable++;
                }
            }
        } catch (NoSuchFileException e) {
            notes.accept(log + " is missing: there is nothing to show of the training");
        } catch (IOException e) {
            throw new LizardException(
                    LizardException.Kind.INPUT, "cannot read " + log + ": " + e.getMessage() + "; check the folder", e);
        }
        if (unreadable > 0) {
            notes.accept("%s: %,d lines cannot be read and are passed over".formatted(log, unreadable));
        }
        return new LinearizeResult(out, steps, measurements, errors);
    }
}
