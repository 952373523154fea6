package dev.lizard.eval.demo;

import java.util.List;

/**
 * How much of everything that the recipe does not say.
 *
 * @param recipe keys of the recipe that are set otherwise, such as {@code stages.0.tokens=40960}
 * @param share of the corpus that the teacher writes; the rest is made by rule
 * @param proseWindows texts that the teacher writes for measuring, and as many stories of the same length
 * @param windows of longer held-out stories
 * @param window their length in bytes
 * @param recallLengths bytes of recall texts
 * @param recallSamples texts of each length
 * @param contexts lengths whose cost is measured
 * @param mostSeconds longest time that reading one context may be expected to take
 * @param prompt bytes of the story that is begun for the models
 * @param written bytes that they go on with
 */
record DemoSize(
        List<String> recipe,
        double share,
        int proseWindows,
        int windows,
        int window,
        List<Integer> recallLengths,
        int recallSamples,
        List<Long> contexts,
        double mostSeconds,
        int prompt,
        int written) {
    private static final List<Long> CONTEXTS = List.of(1_024L, 8_192L, 65_536L);

    /** About four minutes on two cores. */
    static DemoSize full() {
        List<Integer> lengths = List.of(256, 1_024, 2_048);
        return new DemoSize(List.of(), 0.1, 16, 4, 2_048, lengths, 16, CONTEXTS, 12, 1_600, 320);
    }

    /** About a minute. */
    static DemoSize quick() {
        List<String> fewer = List.of("stages.0.tokens=40960", "stages.1.tokens=40960");
        return new DemoSize(fewer, 0.2, 8, 4, 2_048, List.of(256, 1_024, 2_048), 8, CONTEXTS, 1, 1_600, 160);
    }
}
