package dev.lizard.eval.inside;

import dev.lizard.base.Progress;
import dev.lizard.eval.generation.AgreementMeter;
import dev.lizard.eval.generation.GreedyWriter;
import dev.lizard.eval.generation.Prompt;
import dev.lizard.eval.generation.RepetitionMeter;
import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.result.Agreement;
import dev.lizard.eval.result.Answered;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.Repetition;
import dev.lizard.eval.result.Role;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What teacher and student write greedily after the same beginnings; each text is written once. */
final class Writings {
    private static final String PROMPTS = "prompts";
    private static final String TEXT = "text";
    private static final String SOURCE = "the text itself";

    /** Texts in which repetitions are looked for, and tokens that are read before each. */
    private static final int TEXTS = 8;

    private static final int BEGINNING = 64;

    /** What both wrote after each of some prompts. */
    private record Both(List<int[]> prompts, List<int[]> teacher, List<int[]> student) {
        long tokens() {
            return Writings.tokens(teacher) + Writings.tokens(student);
        }
    }

    private static long tokens(List<int[]> texts) {
        return texts.stream().mapToLong(ids -> ids.length).sum();
    }

    private final Pair pair;
    private final Examination.Settings settings;
    private final EvalText text;
    private final BooleanSupplier stop;
    private final Set<Integer> ends;
    private @Nullable Both answers;

    Writings(Pair pair, Examination.Settings settings, EvalText text, BooleanSupplier stop) {
        this.pair = pair;
        this.settings = settings;
        this.text = text;
        this.stop = stop;
        ends = new HashSet<>(pair.teacher().eosIds());
        ends.addAll(pair.student().eosIds());
        ends.addAll(pair.tokenizer().eosIds());
    }

    /** A model of which nothing is told but its role. */
    static ModelResult named(String name, Role role) {
        return new ModelResult(name, role, null, null, null, null, null, null);
    }

    private Both both(List<int[]> prompts, int tokens, Set<Integer> endings, Progress progress) {
        GreedyWriter writer = new GreedyWriter(tokens, endings, stop);
        List<int[]> teacher = writer.write(pair.teacher().decoder(), prompts, progress);
        Progress rest = progress.after(tokens(teacher));
        return new Both(prompts, teacher, writer.write(pair.student().decoder(), prompts, rest));
    }

    private Both answered(Progress progress) {
        if (answers == null) {
            Tokenizer tokenizer = pair.tokenizer();
            Optional<ChatTemplate> template = ChatTemplate.of(tokenizer);
            List<int[]> prompts = settings.prompts().stream()
                    .map(prompt -> prompt.ids(tokenizer, template))
                    .toList();
            answers = both(prompts, settings.answered(), ends, progress);
        }
        return answers;
    }

    /** After the prompts, and after the first half of each window of the text. */
    List<Agreement> agreements(Progress progress) {
        int half = Math.max(1, settings.length() / 2);
        int tokens = Math.min(settings.answered(), settings.length() + 1 - half);
        Both after = both(beginnings(text.windows().size(), half), tokens, ends, progress);
        return List.of(
                agreement(TEXT, after, tokens),
                agreement(PROMPTS, answered(progress.after(after.tokens())), settings.answered()));
    }

    private Agreement agreement(String set, Both both, int tokens) {
        return AgreementMeter.measure(
                pair.student().decoder(),
                settings.name(),
                settings.teacher(),
                set,
                both.prompts,
                both.teacher,
                both.student,
                tokens);
    }

    private List<int[]> beginnings(int count, int tokens) {
        return text.windows().stream()
                .limit(count)
                .map(window -> Arrays.copyOf(window, Math.min(tokens, window.length)))
                .toList();
    }

    /** Of equally long texts that go past their ends; the text itself is cut into as many, where it is long enough. */
    List<Repetition> repetitions(Progress progress) {
        int texts = Math.min(TEXTS, text.windows().size());
        int each = Math.max(4, settings.written() / texts);
        Both both = both(beginnings(texts, BEGINNING), each, Set.of(), progress);
        List<Repetition> rows = new ArrayList<>();
        rows.add(RepetitionMeter.measure(settings.teacher(), both.teacher));
        rows.add(RepetitionMeter.measure(settings.name(), both.student));
        if (settings.ids().length >= texts * each) {
            List<int[]> pieces = new ArrayList<>();
            for (int i = 0; i < texts; i++) {
                pieces.add(Arrays.copyOfRange(settings.ids(), i * each, (i + 1) * each));
            }
            rows.add(RepetitionMeter.measure(SOURCE, pieces));
        }
        return rows;
    }

    /** The teacher's answer to each prompt, followed by the student's. */
    List<Answered> answers(Progress progress) {
        Both both = answered(progress);
        List<Answered> rows = new ArrayList<>();
        for (int i = 0; i < both.prompts.size(); i++) {
            rows.add(row(settings.teacher(), settings.prompts().get(i), both.teacher.get(i)));
            rows.add(row(settings.name(), settings.prompts().get(i), both.student.get(i)));
        }
        return rows;
    }

    private Answered row(String model, Prompt prompt, int[] ids) {
        String answer = pair.tokenizer().decode(ids, true);
        boolean ended = ids.length > 0 && ends.contains(ids[ids.length - 1]);
        return new Answered(model, PROMPTS, prompt.kind(), prompt.text(), answer, ended);
    }
}
