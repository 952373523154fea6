package dev.lizard.eval.report;

import dev.lizard.eval.result.Bucket;
import dev.lizard.eval.result.Conversion;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.FrontierPoint;
import dev.lizard.eval.result.HalfLife;
import dev.lizard.eval.result.LayerError;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.RecallCell;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import dev.lizard.eval.result.Sample;
import dev.lizard.eval.result.TrainingPoint;
import dev.lizard.tensor.RandomStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Invented results that fill every part of the page. */
final class Example {
    private Example() {}

    static ResultSet results() {
        List<ModelResult> models = List.of(
                new ModelResult("teacher", Role.TEACHER, 0L, 0.672, 1.958, 0.969, 0.0, 1.0),
                new ModelResult("swapped", Role.SWAPPED, 0L, 1.914, 6.780, 2.761, 1.291, 0.523),
                new ModelResult("stage 1", Role.TRANSFERRED, 262_144L, 0.861, 2.366, 1.242, 0.204, 0.871),
                new ModelResult("student", Role.STUDENT, 786_432L, 0.713, 2.040, 1.029, 0.061, 0.944),
                new ModelResult("window only", Role.WINDOW_ONLY, 786_432L, 0.944, 2.570, 1.362, 0.288, 0.842),
                new ModelResult("linear only", Role.LINEAR_ONLY, 786_432L, 2.611, 13.6, 3.767, 1.981, 0.391));
        Findings found = new Findings("A Transformer made into a constant-memory model");
        found.story.add("The embedded teacher was given new mixers in all 6 layers and distilled in 4 minutes.");
        found.story.add(
                "The student needs 1.029 bits a byte where the teacher needs 0.969, and finds the same next byte"
                        + " 94 times in 100.");
        found.story.add("Its state is 1.5 MiB at any length; the teacher's cache has 96 MiB at 64K bytes.");
        found.trainedLength = 512;
        found.models.addAll(models);
        found.positions.addAll(positions(models));
        found.training.addAll(training());
        found.layers.addAll(layers());
        found.recall.addAll(recall());
        found.recallGrids.addAll(recallGrids());
        found.frontier.addAll(frontier());
        found.conversions.add(
                new Conversion("student", "lizard", "lizard", 0, 0, 786_432, 240, 0.713, 0.231, 1.898, 1_572_864, 1.9));
        found.efficiency.addAll(efficiency());
        found.gates.addAll(gates());
        ExampleTasks.add(found);
        found.samples.add(new Sample("teacher", "In Vanuby everybody knew Poto the baker. ", "oumowinditod", 700));
        found.samples.add(new Sample(
                "student",
                "In Vanuby everybody knew Poto the baker. ",
                "Poto would not have sold the <black> drum for anything.",
                700));
        ExampleInside.addTo(found);
        found.provenance.putAll(provenance());
        return found.results();
    }

    private static List<FrontierPoint> frontier() {
        List<FrontierPoint> points = new ArrayList<>();
        for (String mixer : List.of("softmax", "window", "linear", "gated", "gated delta", "based", "lizard")) {
            for (int width : new int[] {32, 64}) {
                for (long seed : new long[] {0, 1}) {
                    double right = mixer.equals("softmax") ? 0.99 : 0.5 + 0.003 * width + 0.05 * seed;
                    String layers = "window, window 2; " + mixer;
                    points.add(new FrontierPoint(
                            "mqar, V 64, T 64",
                            8,
                            mixer,
                            layers,
                            width,
                            130L * mixer.length() * width,
                            right,
                            2_048,
                            seed,
                            1e-3,
                            900,
                            1_000,
                            1_843_200));
                }
            }
        }
        return points;
    }

    private static List<RecallCell> recallGrids() {
        List<RecallCell> cells = new ArrayList<>();
        for (int size = 256; size <= 65_536; size *= 2) {
            for (double depth = 0; depth <= 1; depth += 0.25) {
                double value = Math.clamp(Math.round(20 * (depth + 900.0 / size)) / 20.0, 0, 1);
                cells.add(new RecallCell("teacher", "passkey", size, "tokens", depth, "exact", value, 20));
                cells.add(new RecallCell("student", "passkey", size, "tokens", depth, "exact", value / 2, 20));
                cells.add(new RecallCell("student", "passkey", size, "tokens", depth, "digits", value / 2 + 0.1, 20));
            }
        }
        for (int pairs = 4; pairs <= 256; pairs *= 2) {
            cells.add(new RecallCell("softmax", "capacity", pairs, "pairs", null, "exact", 1, 20));
            cells.add(new RecallCell("linear, 1 + elu", "capacity", pairs, "pairs", null, "exact", 1.0 / pairs, 20));
        }
        return cells;
    }

    private static List<PositionCurve> positions(List<ModelResult> models) {
        int[] ends = {64, 128, 256, 512, 1_024, 2_048};
        List<PositionCurve> curves = new ArrayList<>();
        for (ModelResult model : models) {
            double bits = model.bitsPerByte() == null ? 1 : model.bitsPerByte();
            double gain = model.role() == Role.WINDOW_ONLY ? 0.02 : 0.12;
            List<Bucket> bpb = new ArrayList<>();
            List<Bucket> kl = new ArrayList<>();
            int from = 0;
            for (int i = 0; i < ends.length; i++) {
                bpb.add(new Bucket(from, ends[i], bits + gain * (3 - i), 1_000));
                kl.add(new Bucket(from, ends[i], (model.kl() == null ? 0 : model.kl()) * (0.7 + 0.12 * i), 1_000));
                from = ends[i];
            }
            curves.add(new PositionCurve(model.name(), PositionCurve.BITS_PER_BYTE, bpb));
            curves.add(new PositionCurve(model.name(), PositionCurve.KL, kl));
        }
        return curves;
    }

    private static List<TrainingPoint> training() {
        RandomStream random = new RandomStream(3);
        List<TrainingPoint> points = new ArrayList<>();
        for (int step = 1; step <= 300; step++) {
            double noise = Math.exp(0.12 * random.nextGaussian());
            points.add(new TrainingPoint(
                    "Stage 1: attention transfer",
                    step,
                    step * 2_048L,
                    noise * (0.004 + 0.2 * Math.exp(-step / 40.0))));
        }
        for (int step = 1; step <= 200; step++) {
            double noise = 0.05 * random.nextGaussian();
            points.add(new TrainingPoint(
                    "Stage 2: next token", step, step * 2_048L, noise + 0.7 + 0.3 * Math.exp(-step / 30.0)));
        }
        return points;
    }

    private static List<LayerError> layers() {
        List<LayerError> layers = new ArrayList<>();
        for (int layer = 0; layer < 6; layer++) {
            layers.add(new LayerError(layer, 0.62 - 0.05 * layer, 0.021 + 0.012 * layer));
        }
        return layers;
    }

    private static List<Recall> recall() {
        List<Recall> rows = new ArrayList<>();
        for (int length : new int[] {256, 512, 1_024, 2_048, 4_096}) {
            double far = length / 4_096.0;
            for (String task : List.of("passkey", "key_values")) {
                rows.add(new Recall("teacher", task, length, length > 1_024 ? 0.2 : 0.99, 0.99, 64));
                rows.add(new Recall("student", task, length, 0.97 - 0.5 * far, 0.98 - 0.4 * far, 64));
                rows.add(new Recall("window only", task, length, length > 256 ? 0.0 : 0.3, 0.1, 64));
            }
        }
        return rows;
    }

    private static List<Efficiency> efficiency() {
        List<Efficiency> rows = new ArrayList<>();
        for (long context : new long[] {1_024, 8_192, 65_536}) {
            rows.add(new Efficiency("teacher", context, 42_000.0, 5_200.0 / (1 + context / 9_000.0), context * 1_536));
            rows.add(new Efficiency("student", context, 31_000.0, 3_900.0, 1_572_864));
        }
        return rows;
    }

    private static List<HalfLife> gates() {
        RandomStream random = new RandomStream(5);
        List<HalfLife> gates = new ArrayList<>();
        for (int layer = 0; layer < 6; layer++) {
            for (int head = 0; head < 4; head++) {
                double initial = 32 * Math.pow(4, head);
                gates.add(new HalfLife(layer, head, initial, initial * Math.exp(0.5 * random.nextGaussian())));
            }
        }
        return gates;
    }

    private static Map<String, String> provenance() {
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("command", "lizard demo --seed 0");
        provenance.put("seed", "0");
        provenance.put("teacher", "sha256 3f5a07c14ea0e5b2f9d07c65a1f0bd2b3f5a07c14ea0e5b2f9d07c65a1f0bd2b");
        provenance.put("hardware", "2 cores, 8 GB");
        return provenance;
    }
}
