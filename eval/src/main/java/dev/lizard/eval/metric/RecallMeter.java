package dev.lizard.eval.metric;

import dev.lizard.eval.result.Recall;
import dev.lizard.mixer.Form;
import dev.lizard.model.LanguageModel;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.synthetic.RecallSample;
import dev.lizard.text.synthetic.RecallTask;
import java.util.ArrayList;
import java.util.List;

/**
 * Exact match of recall tasks, for models of bytes. The right answer is fed and the most likely token is compared at
 * each of its places: all right is exactly what greedy decoding would have written, in one pass.
 *
 * @param samples texts of each length, their depths spread evenly
 * @param tokensAtOnce limit of the tokens of one batch
 * @param seed of the texts, which are the same for every model
 */
public record RecallMeter(int samples, int tokensAtOnce, long seed) {
    /** Measures one length. */
    public Recall measure(LanguageModel model, String name, RecallTask task, int length) {
        int exact = 0;
        int right = 0;
        int asked = 0;
        int batch = Math.clamp(tokensAtOnce / length, 1, samples);
        for (int first = 0; first < samples; first += batch) {
            List<RecallSample> part = texts(task, length, first, Math.min(batch, samples - first));
            boolean[][] hits = hits(model, part);
            for (boolean[] hit : hits) {
                boolean all = true;
                for (boolean one : hit) {
                    right += one ? 1 : 0;
                    all &= one;
                }
                asked += hit.length;
                exact += all ? 1 : 0;
            }
        }
        return new Recall(
                name, task.name(), length, (double) exact / samples, (double) right / Math.max(1, asked), samples);
    }

    private List<RecallSample> texts(RecallTask task, int length, int first, int count) {
        List<RecallSample> texts = new ArrayList<>();
        for (int i = first; i < first + count; i++) {
            RandomStream random = RandomStream.named(seed, task.name() + "/" + length + "/" + i);
            texts.add(task.generate(length, (i + 0.5) / samples, random));
        }
        return texts;
    }

    /** Whether each token of the answers is the most likely one, for each text. */
    private static boolean[][] hits(LanguageModel model, List<RecallSample> texts) {
        int length = texts.getFirst().text().length();
        long[] ids = new long[texts.size() * length];
        List<int[]> places = new ArrayList<>();
        for (int row = 0; row < texts.size(); row++) {
            int[] own = texts.get(row).ids();
            for (int t = 0; t < length; t++) {
                ids[row * length + t] = own[t];
            }
            places.add(places(texts.get(row)));
        }
        boolean[][] hits = new boolean[texts.size()][];
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor hidden = model.hidden(Tensors.of(ids, texts.size(), length).to(model.device()), Form.CHUNK);
            for (int row = 0; row < texts.size(); row++) {
                int[] place = places.get(row);
                long[] before = new long[place.length];
                for (int i = 0; i < place.length; i++) {
                    before[i] = place[i] - 1L; // the hidden state there predicts the token at the place
                }
                Tensor at = hidden.select(0, row)
                        .indexSelect(0, Tensors.of(before, before.length).to(model.device())); // [n, D]
                long[] best = model.logits(at).argmax(-1).longs();
                hits[row] = new boolean[place.length];
                for (int i = 0; i < place.length; i++) {
                    hits[row][i] = best[i] == ids[row * length + place[i]];
                }
            }
        }
        return hits;
    }

    private static int[] places(RecallSample sample) {
        int count =
                sample.answers().stream().mapToInt(RecallSample.Span::length).sum();
        int[] places = new int[count];
        int next = 0;
        for (RecallSample.Span span : sample.answers()) {
            for (int at = span.start(); at < span.end(); at++) {
                places[next++] = at;
            }
        }
        return places;
    }
}
