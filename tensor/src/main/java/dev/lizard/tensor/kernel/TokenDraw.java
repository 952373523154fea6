package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.cuda.KernelSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Draws a token for each row of logits on a card ({@code sample.cu}), by each row's own {@link DrawRow}. Everything it
 * reads lies on the device, so a draw can be recorded in a {@link RecordedWork} behind the step that makes the logits, and
 * {@link #next} be read by the step after it.
 */
public final class TokenDraw implements AutoCloseable {
    /** What {@link #told} holds where a logit was NaN or infinite, or none above −∞. */
    public static final long FAILED = -1;

    private static final int THREADS = 1024; // as in sample.cu; the number of its bins too
    private static final int STATIC_BYTES = 21_504;
    private static final long MOST_VOCABULARY = 1L << 18;
    /** Blocks that keep a card busy. */
    private static final int BLOCKS = 512;
    /** Logits of a block, at least: four a thread. */
    private static final int LEAST_SLICE = 4 * THREADS;

    private static final Map<Made, Kernel> MADE = new ConcurrentHashMap<>();

    private record Made(String function, boolean bf16, Device device) {}

    private final Scope scope = Scope.owner();
    private final Device device;
    private final int batch;
    private final int vocabulary;
    private final int slice;
    private final int slices;
    private final Tensor rows;
    private final Tensor work;
    private final Tensor next;
    private final Tensor told;
    private final boolean penalties;
    private final Tensor histories;

    /**
     * All rows are {@linkplain DrawRow#EMPTY empty}.
     *
     * @param penalties whether rows may have penalties, which takes 4 bytes a token of the vocabulary and row
     */
    public TokenDraw(int batch, int vocabulary, boolean penalties, Device device) {
        this.device = device;
        this.batch = batch;
        this.vocabulary = vocabulary;
        this.penalties = penalties;
        int most = Math.clamp(BLOCKS / batch, 1, Math.ceilDiv(vocabulary, LEAST_SLICE));
        slice = Math.ceilDiv(Math.ceilDiv(vocabulary, most), THREADS) * THREADS;
        slices = Math.ceilDiv(vocabulary, slice);
        try (Scope made = Scope.open()) {
            rows = scope.adopt(Tensors.zeros(DType.INT64, device, batch, DrawRow.WORDS));
            work = scope.adopt(Tensors.zeros(DType.INT64, device, batch, slices + THREADS + THREADS / 2 + 1L));
            next = scope.adopt(Tensors.zeros(DType.INT64, device, batch));
            told = scope.adopt(Tensors.zeros(DType.INT64, device, batch));
            histories = scope.adopt(Tensors.zeros(DType.INT32, device, penalties ? batch : 0, vocabulary));
        }
        for (int row = 0; row < batch; row++) {
            set(row, DrawRow.EMPTY);
        }
    }

    /** Whether tokens can be drawn on {@code device} from logits of this type. */
    public static boolean serve(DType dtype, int vocabulary, Device device) {
        return Kernel.fits(device, need(dtype, vocabulary));
    }

    static KernelNeed need(DType dtype, int vocabulary) {
        return KernelNeed.of(KernelPart.SAMPLING, STATIC_BYTES)
                .onlyIf(
                        (dtype == DType.BFLOAT16 || dtype == DType.FLOAT32) && vocabulary <= MOST_VOCABULARY,
                        "bfloat16 or float32, at most %,d tokens".formatted(MOST_VOCABULARY));
    }

    /** Says how a row is drawn from now on. */
    public void set(int row, DrawRow settings) {
        try (Scope work = Scope.open()) {
            rows.select(0, row).copy_(Tensors.of(settings.words(), DrawRow.WORDS));
        }
    }

    /**
     * Says what a row with penalties has behind it; draws add to it by themselves.
     *
     * @param history of each token [V]: twice how often it was drawn, plus 1 if it was read
     */
    public void history(int row, int[] history) {
        try (Scope work = Scope.open()) {
            histories.select(0, row).copy_(Tensors.of(history, vocabulary).to(DType.INT32));
        }
    }

    /** Draws from logits [B, V], or [B, 1, V]: queues the kernels. */
    public void draw(Tensor logits) {
        if (logits.count() != (long) batch * vocabulary || !logits.isContiguous()) {
            throw new IllegalArgumentException("logits of %d rows of %d".formatted(batch, vocabulary));
        }
        Tensor past = penalties ? histories : null;
        Dim grid = Dim.of(slices, batch);
        kernel("tops", logits).launch(grid, Dim.of(THREADS), 0, logits, past, rows, work, vocabulary, slice);
        kernel("draw", logits)
                .launch(grid, Dim.of(THREADS), 0, logits, past, rows, work, vocabulary, slice, next, told);
    }

    private Kernel kernel(String function, Tensor logits) {
        return MADE.computeIfAbsent(new Made(function, logits.dtype() == DType.BFLOAT16, device), made -> {
            KernelSource source = KernelSource.of("sample.cu");
            return Kernel.of(made.bf16 ? source.define("BF16", 1) : source, made.function, made.device);
        });
    }

    /** The ids last drawn, int64 [B], always fit to be read by a model: 0 for empty rows and where a draw failed. */
    public Tensor next() {
        return next;
    }

    /** The same for the host, int64 [B], but {@link #FAILED} where a draw failed. */
    public Tensor told() {
        return told;
    }

    @Override
    public void close() {
        scope.close();
    }
}
