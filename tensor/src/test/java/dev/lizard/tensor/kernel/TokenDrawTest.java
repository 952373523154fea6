package dev.lizard.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokens drawn on a card against {@link DrawTwin}. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class TokenDrawTest {
    private static final Device CUDA = Device.cuda(0);

    private final RandomStream random = new RandomStream(Long.getLong("lizard.test.seed", 11));

    private static final List<DrawRow> FILTERS = List.of(
            row(1, 0, 1, 0),
            row(1, 1, 1, 0),
            row(1, 5, 1, 0),
            row(1, 3000, 1, 0),
            row(1, 0, 0.3, 0),
            row(1, 0, 0.95, 0),
            row(1, 0, 1e-9, 0),
            row(1, 0, 1, 0.05),
            row(1, 0, 1, 1),
            row(0.8, 50, 0.9, 0.02),
            row(3, 0, 0.99, 0),
            row(0, 0, 1, 0),
            row(1e-30, 0, 1, 0),
            row(1e30, 0, 1, 0),
            new DrawRow(0, 1.3, 0, 0, 1, 0, 1, 0),
            new DrawRow(0, 2, 0, 0, 0, 0, 1, 0),
            new DrawRow(0, 1.1, 0.7, 0.4, 1, 0, 0.8, 0),
            DrawRow.EMPTY);

    private static DrawRow row(double temperature, int topK, double topP, double minP) {
        return new DrawRow(0, 1, 0, 0, temperature, topK, topP, minP);
    }

    private static DrawRow at(long state, DrawRow row) {
        return new DrawRow(
                state,
                row.repetition(),
                row.presence(),
                row.frequency(),
                row.temperature(),
                row.topK(),
                row.topP(),
                row.minP());
    }

    /** normal, all equal, nearly equal, with large ties, one far above. */
    private float[] logits(String kind, int vocabulary) {
        float[] x = random.normal(vocabulary, 3);
        for (int i = 0; i < vocabulary; i++) {
            x[i] = switch (kind) {
                case "normal" -> x[i];
                case "flat" -> 0.25f;
                case "nearly flat" -> 1 + 1e-4f * x[i];
                case "coarse" -> Math.round(x[i]) / 4f;
                default -> i == vocabulary - 1 ? 40 : x[i];
            };
        }
        return x;
    }

    @ParameterizedTest
    @CsvSource({
        "normal, 49152, FLOAT32", "normal, 49152, BFLOAT16", "normal, 262144, BFLOAT16", "normal, 50257, BFLOAT16",
        "flat, 49152, FLOAT32", "nearly flat, 49152, FLOAT32", "coarse, 49152, BFLOAT16", "peaked, 49152, FLOAT32",
        "normal, 5, FLOAT32", "flat, 262144, BFLOAT16", "normal, 1025, BFLOAT16"
    })
    void everyFilterDrawsWhatItsDefinitionDraws(String kind, int vocabulary, DType dtype) {
        int batch = FILTERS.size();
        try (TokenDraw draw = new TokenDraw(batch, vocabulary, true, CUDA);
                Scope work = Scope.open()) {
            float[] all = new float[batch * vocabulary];
            for (int row = 0; row < batch; row++) {
                System.arraycopy(logits(kind, vocabulary), 0, all, row * vocabulary, vocabulary);
            }
            Tensor logits = Tensors.of(all, batch, vocabulary).to(dtype);
            float[] rounded = logits.to(DType.FLOAT32).floats();
            Tensor device = logits.to(CUDA);
            List<DrawRow> rows = new ArrayList<>();
            int[][] histories = new int[batch][vocabulary];
            for (int row = 0; row < batch; row++) {
                rows.add(at(random.nextLong(), FILTERS.get(row)));
                for (int id = 0; id < vocabulary; id++) {
                    histories[row][id] = Math.max(0, random.nextInt(9) - 5);
                }
                draw.set(row, rows.get(row));
                draw.history(row, histories[row]);
            }
            for (int turn = 0; turn < 3; turn++) {
                draw.draw(device);
                long[] told = draw.told().to(Device.CPU).longs();
                assertThat(draw.next().to(Device.CPU).longs()).isEqualTo(told);
                for (int row = 0; row < batch; row++) {
                    DrawRow settings = rows.get(row);
                    if (settings.topK() < 0) {
                        assertThat(told[row]).isZero();
                        continue;
                    }
                    float[] own = Arrays.copyOfRange(rounded, row * vocabulary, (row + 1) * vocabulary);
                    List<DrawTwin.Kept> kept = DrawTwin.kept(own, histories[row], settings);
                    assertThat(DrawTwin.right(kept, DrawTwin.uniform(settings), told[row]))
                            .as("%s drew %d of %d", settings, told[row], kept.size())
                            .isTrue();
                    histories[row][(int) told[row]] += 2;
                    RandomStream stream = RandomStream.resume(settings.random());
                    if (settings.temperature() > 0) {
                        stream.nextLong();
                    }
                    rows.set(row, at(stream.state(), settings));
                }
            }
        }
    }

    @Test
    void drawsFollowTheProbabilities() {
        float[] logits = {1, 0, -1, 2, -5, 2};
        int batch = 500;
        int turns = 80;
        float[] all = new float[batch * logits.length];
        for (int row = 0; row < batch; row++) {
            System.arraycopy(logits, 0, all, row * logits.length, logits.length);
        }
        try (TokenDraw draw = new TokenDraw(batch, logits.length, false, CUDA);
                Scope work = Scope.open()) {
            DrawRow settings = row(1.3, 0, 1, 0);
            for (int row = 0; row < batch; row++) {
                draw.set(row, at(RandomStream.named(row, "sampler").state(), settings));
            }
            Tensor device = Tensors.of(all, batch, logits.length).to(CUDA);
            long[] counts = new long[logits.length];
            for (int turn = 0; turn < turns; turn++) {
                draw.draw(device);
                for (long id : draw.told().to(Device.CPU).longs()) {
                    counts[(int) id]++;
                }
            }
            List<DrawTwin.Kept> kept = DrawTwin.kept(logits, new int[logits.length], settings);
            double total = kept.stream().mapToDouble(DrawTwin.Kept::weight).sum();
            double chiSquared = 0;
            for (DrawTwin.Kept token : kept) {
                double expected = token.weight() / total * batch * turns;
                chiSquared += Math.pow(counts[token.id()] - expected, 2) / expected;
            }
            assertThat(chiSquared).as("of 5 degrees of freedom").isLessThan(20.5); // 1 in 1000
        }
    }

    @Test
    void aRowDrawsTheSameInAnyCompany() {
        int vocabulary = 49_152;
        float[] own = logits("normal", vocabulary);
        DrawRow settings = at(99, row(0.9, 0, 0.97, 0));
        List<Long> drawn = new ArrayList<>();
        for (int batch : new int[] {1, 2, 7, 64, 300}) {
            try (TokenDraw draw = new TokenDraw(batch, vocabulary, false, CUDA);
                    Scope work = Scope.open()) {
                Tensor device = Tensors.zeros(DType.FLOAT32, CUDA, batch, vocabulary);
                device.select(0, batch - 1L).copy_(Tensors.of(own, vocabulary));
                draw.set(batch - 1, settings);
                draw.draw(device);
                drawn.add(draw.told().to(Device.CPU).longs()[batch - 1]);
            }
        }
        assertThat(drawn).containsOnly(drawn.getFirst());
    }

    @Test
    void brokenLogitsAreToldAndLeaveAnIdThatCanBeRead() {
        float[] all = {0, Float.NaN, 1, 0, Float.POSITIVE_INFINITY, 1, 0, 3, 1};
        for (DrawRow settings : List.of(row(1, 0, 1, 0), row(0, 0, 1, 0))) {
            try (TokenDraw draw = new TokenDraw(3, 3, false, CUDA);
                    Scope work = Scope.open()) {
                for (int row = 0; row < 3; row++) {
                    draw.set(row, settings);
                }
                Tensor logits = Tensors.of(all, 3, 3).to(CUDA);
                draw.draw(logits);
                assertThat(draw.told().to(Device.CPU).longs()).startsWith(TokenDraw.FAILED, TokenDraw.FAILED);
                assertThat(draw.next().to(Device.CPU).longs()).startsWith(0, 0);
                logits.fill_(Float.NEGATIVE_INFINITY);
                draw.draw(logits);
                assertThat(draw.told().to(Device.CPU).longs()).containsOnly(TokenDraw.FAILED);
            }
        }
    }

    @Test
    void timesOfADraw() {
        for (int[] size : new int[][] {{1, 49_152}, {1, 262_144}, {64, 49_152}, {512, 49_152}, {64, 262_144}}) {
            for (DrawRow settings :
                    List.of(row(0, 0, 1, 0), row(1, 0, 1, 0), row(1, 0, 0.95, 0), row(1, 50, 0.9, 0.02))) {
                try (TokenDraw draw = new TokenDraw(size[0], size[1], false, CUDA);
                        Scope work = Scope.open()) {
                    for (int row = 0; row < size[0]; row++) {
                        draw.set(row, at(row, settings));
                    }
                    Tensor logits = Tensors.of(random.normal(size[1], 3), 1, size[1])
                            .to(CUDA)
                            .to(DType.BFLOAT16)
                            .expand(size[0], size[1])
                            .contiguous();
                    draw.draw(logits);
                    Engine.synchronize(CUDA);
                    int turns = 200;
                    long start = System.nanoTime();
                    for (int turn = 0; turn < turns; turn++) {
                        draw.draw(logits);
                    }
                    Engine.synchronize(CUDA);
                    double micros = (System.nanoTime() - start) / 1e3 / turns;
                    System.out.printf("%d x %d %s: %.1f us%n", size[0], size[1], settings, micros);
                    assertThat(Arrays.stream(draw.told().to(Device.CPU).longs())
                                    .min()
                                    .orElse(-1))
                            .isNotNegative();
                }
            }
        }
    }
}
