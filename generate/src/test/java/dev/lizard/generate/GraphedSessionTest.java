package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.model.GraphedDecode;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.node.ObjectNode;

/** Sessions whose steps are recorded on the device. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class GraphedSessionTest {
    static final Device CUDA = Device.cuda(0);
    static final String SMALL = """
        {"model_type": "llama", "vocab_size": 300, "hidden_size": 192, "num_hidden_layers": 3,
         "num_attention_heads": 3, "num_key_value_heads": 1, "intermediate_size": 256, "rms_norm_eps": 1e-5,
         "max_position_embeddings": 4096, "tie_word_embeddings": true, "eos_token_id": 256}\
        """;
    static final String SMOL = """
        {"model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "num_hidden_layers": 30,
         "num_attention_heads": 9, "num_key_value_heads": 3, "intermediate_size": 1536, "rms_norm_eps": 1e-5,
         "max_position_embeddings": 8192, "tie_word_embeddings": true, "eos_token_id": 0}\
        """;

    private static Decoder decoder(String json, DType dtype, Device device, int window, double scale) {
        int half = LizardSpec.of(Variant.JOINT, 64).features();
        return decoder(
                json,
                dtype,
                device,
                new LizardSpec(Variant.JOINT, window, half, 2, 4, 256, LizardSpec.Branches.BOTH),
                scale);
    }

    /** A random model whose layers all have the mixer. */
    static Decoder decoder(String json, DType dtype, Device device, LizardSpec spec, double scale) {
        ModelConfig config =
                ModelConfig.of((ObjectNode) Json.parse(json, "test.json", LizardException.Kind.INPUT), "test.json");
        Decoder decoder = Decoder.random(config, new RandomStream(5), dtype, device);
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            decoder.weights().forEach((name, weight) -> {
                if (!name.contains("norm")) {
                    weight.mul_(scale); // so that every layer matters
                }
            });
            for (int layer = 0; layer < decoder.layers(); layer++) {
                Map<String, Tensor> parameters = new HashMap<>();
                spec.initial(decoder.headDims(), RandomStream.named(5, "layer " + layer))
                        .forEach(p ->
                                parameters.put(p.name(), decoder.own(p.initial().to(device))));
                decoder.replaceMixer(layer, spec.create(decoder.headDims(), parameters));
            }
        }
        return decoder;
    }

    @Test
    void graphedStepsAreThoseOfTheCpu() {
        try (Decoder cpu = decoder(SMALL, DType.FLOAT32, Device.CPU, 32, 4);
                Decoder cuda = decoder(SMALL, DType.FLOAT32, CUDA, 32, 4);
                Session right = new Session(cpu);
                Session recorded = new Session(cuda);
                Session other = new Session(cuda)) {
            assertThat(GraphedDecode.served(cuda)).isTrue();
            int[] ids = ids(6, 300, 140);
            double worst = 0;
            for (Session session : new Session[] {right, recorded}) {
                session.prefill(Arrays.copyOf(ids, 20));
            }
            for (int t = 20; t < 100; t++) {
                worst = Math.max(worst, difference(right.step(ids[t]), recorded.step(ids[t])));
            }
            try (Snapshot place = recorded.snapshot();
                    Snapshot rightPlace = right.snapshot()) {
                for (Session session : new Session[] {right, recorded}) {
                    session.prefill(Arrays.copyOfRange(ids, 100, 120)); // a turn of a chat
                }
                for (int t = 120; t < 140; t++) {
                    other.step(ids[t]); // takes turns on the same decoder
                    worst = Math.max(worst, difference(right.step(ids[t]), recorded.step(ids[t])));
                }
                recorded.rewind(place);
                right.rewind(rightPlace);
            }
            for (int t = 100; t < 120; t++) {
                worst = Math.max(worst, difference(right.step(ids[t]), recorded.step(ids[t])));
            }
            System.out.printf("scores of recorded steps, worst difference %.2e%n", worst);
            assertThat(worst).isLessThan(2e-3);
            assertThat(recorded.tokens()).isEqualTo(right.tokens());
        }
    }

    /** In bfloat16 every kernel of a layer is ours and starts before the one before it has ended. */
    @Test
    void stepsOfOverlappingKernelsAreThoseOfTheCpu() {
        try (Decoder cpu = decoder(SMALL, DType.FLOAT32, Device.CPU, 32, 1);
                Decoder cuda = decoder(SMALL, DType.BFLOAT16, CUDA, 32, 1);
                Session right = new Session(cpu);
                Session recorded = new Session(cuda)) {
            double error = 0;
            double size = 0;
            for (int id : ids(7, 300, 80)) {
                float[] expected = right.step(id);
                float[] found = recorded.step(id);
                for (int i = 0; i < expected.length; i++) {
                    error += Math.pow(found[i] - expected[i], 2);
                    size += Math.pow(expected[i], 2);
                }
            }
            System.out.printf("bfloat16 steps: relative RMS %.2e%n", Math.sqrt(error / size));
            assertThat(Math.sqrt(error / size)).isLessThan(0.1);
        }
    }

    /** A read that comes too early or a write that another kernel does not expect would show in some of them. */
    @Test
    void overlappingStepsRepeatToTheBit() {
        try (Decoder model = decoder(SMOL, DType.BFLOAT16, CUDA, 32, 1);
                Session session = new Session(model)) {
            int[] ids = ids(8, 40_000, 120);
            session.prefill(Arrays.copyOf(ids, 20));
            try (Snapshot place = session.snapshot()) {
                float[][] first = new float[ids.length][];
                for (int round = 0; round < 5; round++) {
                    session.rewind(place);
                    for (int t = 20; t < ids.length; t++) {
                        float[] scores = session.step(ids[t]);
                        if (round == 0) {
                            first[t] = scores.clone();
                        } else {
                            assertThat(Arrays.equals(scores, first[t]))
                                    .as("round %d, token %d", round, t)
                                    .isTrue();
                        }
                    }
                }
            }
        }
    }

    static int[] ids(long seed, int vocabulary, int count) {
        RandomStream random = new RandomStream(seed);
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            ids[i] = random.nextInt(vocabulary);
        }
        return ids;
    }

    static double difference(float[] a, float[] b) {
        double worst = 0;
        for (int i = 0; i < a.length; i++) {
            worst = Math.max(worst, Math.abs(a[i] - b[i]));
        }
        return Double.isNaN(worst) ? Double.POSITIVE_INFINITY : worst;
    }

    @Test
    void aStepTakesAsLongAfterManyTokensAsAfterFew() {
        try (Decoder model = decoder(SMOL, DType.BFLOAT16, CUDA, 128, 1)) {
            double few = 0;
            double many = 0;
            for (int batch : new int[] {1, 16, 64, 512}) {
                for (long context : new long[] {1024, 65_536}) {
                    double millis = millis(model, batch, context);
                    System.out.printf(
                            "135M, bfloat16, batch %d after %d tokens: %.3f ms a step%n", batch, context, millis);
                    if (batch == 1 && context == 1024) {
                        few = millis;
                    } else if (batch == 1) {
                        many = millis;
                    }
                }
            }
            assertThat(many).isLessThan(1.3 * few);
            try (DecoderState state = model.newState(1)) {
                try (GraphedDecode step = model.graphed(state)) {
                    assertThat(step).isNotNull();
                }
            }
            try (Session session = new Session(model)) {
                session.prefill(ids(6, 40_000, 512));
                Sampler sampler = new Sampler(SamplerSettings.GREEDY, 49_152);
                long start = 0;
                for (int i = -20; i < 200; i++) {
                    if (i == 0) {
                        start = System.nanoTime();
                    }
                    session.read(session.draw(sampler));
                }
                System.out.printf("a session, greedy: %.3f ms a token%n", (System.nanoTime() - start) / 200e6);
            }
        }
    }

    /** Best of five runs of 50 steps, the device only. */
    static double millis(Decoder model, int batch, long context) {
        try (DecoderState state = model.newState(batch)) {
            for (int row = 0; row < batch; row++) {
                state.stands(row, context);
            }
            for (int layer = 0; layer < model.layers(); layer++) {
                Tensor places = state.layer(layer).tensors().get("slots.positions");
                if (places != null) {
                    places.fill_(1); // what is free would not be read
                }
            }
            try (GraphedDecode step = new GraphedDecode(model, state)) {
                int[] ids = ids(batch, 40_000, batch);
                double best = Double.POSITIVE_INFINITY;
                step.step(ids);
                for (int round = 0; round < 5; round++) {
                    step.step(ids);
                    Engine.synchronize(CUDA);
                    long start = System.nanoTime();
                    for (int i = 0; i < 50; i++) {
                        step.step(ids);
                    }
                    Engine.synchronize(CUDA);
                    best = Math.min(best, (System.nanoTime() - start) / 50e6);
                }
                return best;
            }
        }
    }
}
