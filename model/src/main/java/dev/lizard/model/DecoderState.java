package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.MixerState;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a {@link Decoder} remembers of the sequences of a batch, a row each: how many tokens it has read of them and the
 * states of its layers. It owns them.
 *
 * <p>Rows are independent: they may have read different numbers of tokens, be copied out and in, and begin anew.
 */
public final class DecoderState implements AutoCloseable {
    private static final String TOKENS = "tokens";

    private final List<MixerState> layers;
    private final long[] read;

    DecoderState(List<MixerState> layers, int batch) {
        this(layers, new long[batch]);
    }

    private DecoderState(List<MixerState> layers, long[] read) {
        this.layers = List.copyOf(layers);
        this.read = read;
    }

    /** The state of layer {@code index}. */
    public MixerState layer(int index) {
        return layers.get(index);
    }

    /** B, sequences. */
    public int batch() {
        return read.length;
    }

    /** Tokens read of sequence {@code row}, which is the position of its next. */
    public long tokens(int row) {
        return read[row];
    }

    /**
     * Tokens read of each sequence.
     *
     * @throws IllegalStateException where they have read different numbers
     */
    public long tokens() {
        for (long count : read) {
            if (count != read[0]) {
                throw new IllegalStateException("rows have read different numbers of tokens");
            }
        }
        return read[0];
    }

    long[] read() {
        return read;
    }

    /** Counts {@code more} tokens of each sequence. */
    void count(long more) {
        for (int row = 0; row < read.length; row++) {
            read[row] += more;
        }
    }

    /** Says that row {@code row} holds what {@code tokens} tokens left: for states that are made, not read. */
    public void stands(int row, long tokens) {
        read[row] = tokens;
    }

    /** Bytes of memory held. */
    public long bytes() {
        return layers.stream().mapToLong(MixerState::bytes).sum();
    }

    /** An independent copy. */
    public DecoderState fork() {
        return new DecoderState(layers.stream().map(MixerState::fork).toList(), read.clone());
    }

    /** Copies of the given rows, in that order; a row may be asked for more than once. */
    public DecoderState take(int... rows) {
        return new DecoderState(
                layers.stream().map(layer -> layer.take(rows)).toList(),
                Arrays.stream(rows).mapToLong(row -> read[row]).toArray());
    }

    /** Copies row {@code from} of {@code other}, a state of the same decoder, over row {@code row}, where it lies. */
    public void put(int row, DecoderState other, int from) {
        for (int i = 0; i < layers.size(); i++) {
            layers.get(i).put(row, other.layer(i), from);
        }
        read[row] = other.read[from];
    }

    /** Makes row {@code row} as if it had read nothing. */
    public void clear(int row) {
        layers.forEach(layer -> layer.clear(row));
        read[row] = 0;
    }

    /**
     * Everything by name, to be written to a file: {@code layers.N.<name>} as held (not copies) and {@code tokens}, an
     * int64 [B] in the innermost scope.
     */
    public Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put(TOKENS, Tensors.of(read, read.length));
        for (int i = 0; i < layers.size(); i++) {
            String prefix = prefix(i);
            layers.get(i).tensors().forEach((name, tensor) -> tensors.put(prefix + name, tensor));
        }
        return tensors;
    }

    /**
     * Takes copies of what {@link #tensors} gave into this state, which must be empty and of the same model and batch.
     *
     * @param where the file, for messages
     * @throws LizardException INPUT if names or shapes are not those of this state
     */
    public void restore(Map<String, Tensor> tensors, String where) {
        if (Arrays.stream(read).anyMatch(count -> count != 0)) {
            throw new IllegalStateException("only an empty state can be restored");
        }
        long[] counts = need(tensors, TOKENS, where).longs();
        if (counts.length != read.length) {
            throw mismatch(where + "/" + TOKENS, read.length + " sequences", counts.length + " sequences");
        }
        long tokens = Arrays.stream(counts).max().orElse(0);
        boolean sound = Arrays.stream(counts).allMatch(count -> count >= 0);
        int used = 1;
        for (int i = 0; i < layers.size(); i++) {
            MixerState layer = layers.get(i);
            for (String name : List.copyOf(layer.tensors().keySet())) {
                Tensor mine = layer.get(name);
                Tensor saved = need(tensors, prefix(i) + name, where);
                if (!sound || !fits(mine, saved, tokens)) {
                    throw mismatch(where + "/" + prefix(i) + name, mine.toString(), saved.toString());
                }
                layer.put(name, saved.copy().to(mine.dtype()).to(mine.device()));
                used++;
            }
        }
        System.arraycopy(counts, 0, read, 0, read.length);
        if (used != tensors.size()) {
            throw mismatch(where, used + " tensors", tensors.size() + " tensors");
        }
    }

    /** Axes must be equal, but for the one of a cache that grows, which is empty here and must hold the tokens there. */
    private static boolean fits(Tensor mine, Tensor saved, long tokens) {
        boolean fits = mine.rank() == saved.rank();
        for (int axis = 0; fits && axis < mine.rank(); axis++) {
            long size = mine.size(axis);
            fits = size == 0 ? saved.size(axis) >= tokens : saved.size(axis) == size;
        }
        return fits;
    }

    private static Tensor need(Map<String, Tensor> tensors, String name, String where) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw mismatch(where + "/" + name, "this tensor", "nothing of that name");
        }
        return tensor;
    }

    private static LizardException mismatch(String where, String expected, String found) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "state of another model",
                where,
                expected,
                found,
                "load it with the model that wrote it");
    }

    private static String prefix(int layer) {
        return "layers." + layer + ".";
    }

    @Override
    public void close() {
        layers.forEach(MixerState::close);
    }
}
