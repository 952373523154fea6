package dev.lizard.eval.demo;

import dev.lizard.base.Json;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.tensor.RandomStream;
import dev.lizard.text.synthetic.SyntheticMix;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the demo trains on: texts that the teacher wrote itself, and stories and recall tasks made by rule. Each
 * document is one byte shorter than a training sequence, so that with the token that ends it sequences and documents
 * keep step and no question is parted from its answer.
 *
 * @param length bytes of a document
 * @param documents how many
 * @param seed of those made by rule
 */
record DemoCorpus(int length, int documents, long seed) {
    /** Writes the corpus as {@code .jsonl}, first the texts given. */
    void write(List<String> own, Path file) {
        List<String> texts = new ArrayList<>(own);
        RandomStream random = RandomStream.named(seed, "demo/corpus");
        while (texts.size() < documents) {
            texts.add(SyntheticMix.standard().next(length, random).text());
        }
        StringBuilder lines = new StringBuilder();
        for (String text : texts) {
            lines.append(Json.line(Map.of("text", text))).append('\n');
        }
        AtomicFiles.write(file, lines.toString().getBytes(StandardCharsets.UTF_8));
    }
}
