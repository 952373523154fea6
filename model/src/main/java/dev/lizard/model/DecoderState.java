package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.MixerState;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a {@link Decoder} remembers of B sequences it has read: the states of its layers. It owns them. */
public final class DecoderState implements AutoCloseable {
    private static final String TOKENS = "tokens";

    private final List<MixerState> layers;

    DecoderState(List<MixerState> layers) {
        this.layers = List.copyOf(layers);
    }

    /** The state of layer {@code index}. */
    public MixerState layer(int index) {
        return layers.get(index);
    }

    /** Tokens read so far, of each sequence. */
    public long tokens() {
        return layers.getFirst().tokens();
    }

    /** Bytes of memory held. */
    public long bytes() {
        return layers.stream().mapToLong(MixerState::bytes).sum();
    }

    /** An independent copy. */
    public DecoderState fork() {
        return new DecoderState(layers.stream().map(MixerState::fork).toList());
    }

    /**
     * Everything by name, to be written to a file: {@code layers.N.<name>} as held (not copies) and {@code tokens}, an
     * int64 [1] in the innermost scope.
     */
    public Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put(TOKENS, Tensors.of(new long[] {tokens()}, 1));
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
        if (tokens() != 0) {
            throw new IllegalStateException("only an empty state can be restored");
        }
        long tokens = need(tensors, TOKENS, where).longs()[0];
        int used = 1;
        for (int i = 0; i < layers.size(); i++) {
            MixerState layer = layers.get(i);
            for (String name : List.copyOf(layer.tensors().keySet())) {
                Tensor mine = layer.get(name);
                Tensor saved = need(tensors, prefix(i) + name, where);
                if (!fits(mine, saved, tokens)) {
                    throw mismatch(where + "/" + prefix(i) + name, mine.toString(), saved.toString());
                }
                layer.put(name, saved.copy().to(mine.dtype()).to(mine.device()));
                used++;
            }
            layer.saw(tokens);
        }
        if (used != tensors.size()) {
            throw mismatch(where, used + " tensors", tensors.size() + " tensors");
        }
    }

    /** Axes must be equal, but for the one of a cache that grows, which is empty here and must hold the tokens there. */
    private static boolean fits(Tensor mine, Tensor saved, long tokens) {
        boolean fits = tokens >= 0 && mine.rank() == saved.rank();
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
