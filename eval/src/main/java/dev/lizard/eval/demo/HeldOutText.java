package dev.lizard.eval.demo;

import dev.lizard.eval.metric.EvalText;
import dev.lizard.tensor.RandomStream;
import dev.lizard.text.synthetic.Stories;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Texts that no training saw: prose that the teacher wrote, and stories made by rule.
 *
 * @param both windows of prose and as many of stories, as long as the student's training sequences
 * @param prose the half that the teacher wrote
 * @param stories longer windows than the teacher can read
 * @param teacherLength positions of these within which the teacher is itself
 */
record HeldOutText(EvalText both, EvalText prose, EvalText stories, int teacherLength) {
    static HeldOutText of(List<String> prose, DemoSize size, int teacherLength, long seed) {
        RandomStream random = RandomStream.named(seed, "demo/held out");
        List<int[]> written = prose.stream().map(HeldOutText::ids).toList();
        List<int[]> both = new ArrayList<>(written);
        for (String text : prose) {
            both.add(ids(new Stories().beginning(text.length(), random)));
        }
        List<int[]> stories = new ArrayList<>();
        for (int i = 0; i < size.windows(); i++) {
            stories.add(ids(new Stories().beginning(size.window() + 1, random)));
        }
        return new HeldOutText(
                EvalText.ofBytes(both),
                EvalText.ofBytes(written),
                EvalText.ofBytes(stories),
                Math.min(size.window(), teacherLength));
    }

    /** The first stories as far as the teacher reads. */
    EvalText near(int count) {
        return EvalText.ofBytes(stories.windows().stream()
                .limit(count)
                .map(window -> Arrays.copyOf(window, teacherLength + 1))
                .toList());
    }

    private static int[] ids(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = bytes[i];
        }
        return ids;
    }
}
