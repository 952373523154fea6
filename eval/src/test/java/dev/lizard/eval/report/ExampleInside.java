package dev.lizard.eval.report;

import dev.lizard.eval.result.Ablation;
import dev.lizard.eval.result.Agreement;
import dev.lizard.eval.result.Answered;
import dev.lizard.eval.result.AttentionMap;
import dev.lizard.eval.result.Attribution;
import dev.lizard.eval.result.Bucket;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.GateHistogram;
import dev.lizard.eval.result.HeadError;
import dev.lizard.eval.result.PartShare;
import dev.lizard.eval.result.Repetition;
import dev.lizard.eval.result.StructureFit;
import dev.lizard.eval.result.WeightMatch;
import java.util.List;

/** Invented results of what is inside a student, and of how it writes. */
final class ExampleInside {
    private ExampleInside() {}

    static void addTo(Findings found) {
        found.weightMatches.add(new WeightMatch("student", null, 0.31, 0.02, 1.9, 2.2, 0.93, 8));
        found.structureFits.add(new StructureFit("teacher", "ssd", 4, 0.31, 0.02, 40, 64));
        for (int layer = 0; layer < 6; layer++) {
            found.weightMatches.add(new WeightMatch("student", layer, 0.1 * layer, null, 1.9, 2.2, 0.9, 8));
            found.headErrors.add(new HeadError("student", layer, null, 0.02 * (layer + 1), 0.004, 8));
            for (int head = 0; head < 4; head++) {
                found.headErrors.add(new HeadError("student", layer, head, 0.1 * layer + 0.02 * head, 0.01, 8));
            }
            found.gateHistograms.add(new GateHistogram(
                    "student", layer, List.of(1.0, 32.0, 1_024.0), List.of(10L, 20L + layer, 60L, 10L)));
            found.partShares.add(new PartShare("student", layer, "near", 1.04, 0.01, 0.8, 0.02, 8));
            found.partShares.add(new PartShare("student", layer, "far", -0.04, 0.01, 0.2, 0.02, 8));
        }
        found.ablations.add(new Ablation("student", "", 0.713, 0, 0.0, 0.061, 8));
        found.ablations.add(new Ablation("student", "far", 0.944, 0.231, 0.02, 0.288, 8));
        List<String> tokens = List.of("The", "\u00b7cat", "\u00b7<sat>");
        for (String model : List.of("teacher", "student")) {
            found.attention.add(new AttentionMap(
                    model, 2, 1, tokens, List.of(List.of(1.0), List.of(0.25, 0.75), List.of(0.2, 0.5, 0.3))));
            found.attributions.add(new Attribution(model, tokens, List.of(0.125, 0.625, 0.25), "\u00b7on", 0.81));
        }
        found.agreements.add(new Agreement(
                "student",
                "teacher",
                "text",
                8,
                16,
                9.5,
                1.5,
                0.25,
                0.91,
                0.02,
                0.6,
                0.05,
                List.of(new Bucket(0, 8, 0.95, 64), new Bucket(8, 16, 0.87, 64)),
                List.of(new Bucket(0, 8, 0.8, 64), new Bucket(8, 16, 0.4, 64))));
        found.repetitions.add(new Repetition(
                "student",
                8,
                2_000,
                List.of(0.3, 0.6, 0.8, 0.875),
                List.of(0.01, 0.01, 0.01, 0.01),
                0.21,
                0.02,
                40,
                7));
        found.answers.add(new Answered("teacher", "prompts", "facts", "Which is <larger>?", "Five.", true));
        found.answers.add(new Answered("student", "prompts", "facts", "Which is <larger>?", "Four and", false));
    }
}
