package dev.lizard.eval.demo;

import dev.lizard.generate.Sampler;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Texts that a model of bytes writes by itself, many at a time: what it is like, without the books it was made from.
 *
 * @param length bytes of a text
 * @param temperature of the draws
 * @param seed of the draws; the same seed gives the same texts
 */
record TeacherSamples(int length, double temperature, long seed) {
    private static final int BATCH = 128;

    /** {@code count} texts of plain ASCII, {@code length} bytes each. */
    List<String> draw(Decoder model, int count) {
        List<String> texts = new ArrayList<>();
        while (texts.size() < count) {
            texts.addAll(batch(model, Math.min(BATCH, count - texts.size()), texts.size()));
        }
        return texts;
    }

    private List<String> batch(Decoder model, int rows, int first) {
        int vocabulary = model.config().vocabSize();
        BitSet nothing = new BitSet();
        List<Sampler> samplers = new ArrayList<>();
        List<StringBuilder> texts = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            samplers.add(
                    new Sampler(SamplerSettings.ofTemperature(temperature, 1_000 * seed + first + row), vocabulary));
            texts.add(new StringBuilder());
        }
        long[] ids = new long[rows];
        java.util.Arrays.fill(ids, start(model));
        float[] logits = new float[vocabulary];
        try (Gradients off = Gradients.off();
                DecoderState state = model.newState(rows)) {
            for (int t = 0; t < length; t++) {
                float[] all = next(model, state, ids);
                for (int row = 0; row < rows; row++) {
                    System.arraycopy(all, row * vocabulary, logits, 0, vocabulary);
                    int id = samplers.get(row).next(logits, nothing);
                    ids[row] = id;
                    texts.get(row).append(plain(id));
                }
            }
        }
        return texts.stream().map(StringBuilder::toString).toList();
    }

    /** What stands before a text: the token that ended the one before. */
    private static long start(Decoder model) {
        List<Integer> ends = model.config().eosIds();
        return ends.isEmpty() ? '\n' : ends.getFirst();
    }

    private static float[] next(Decoder model, DecoderState state, long[] ids) {
        try (Scope step = Scope.open()) {
            Tensor host = Tensors.of(ids, ids.length, 1); // [B, 1]
            Tensor hidden = model.advance(model.device().isCuda() ? host.to(model.device()) : host, state);
            return model.logits(hidden).floats(); // [B, 1, V]
        }
    }

    private static char plain(int id) {
        return id == '\n' || (id >= ' ' && id <= '~') ? (char) id : ' ';
    }
}
