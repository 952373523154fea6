package dev.lizard.eval.run;

import dev.lizard.base.Activity;
import dev.lizard.base.Interrupt;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.eval.run.PairEncoder.Pair;
import dev.lizard.eval.task.Answer;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Request;
import dev.lizard.eval.task.Task;
import dev.lizard.generate.Score;
import dev.lizard.generate.Scorer;
import dev.lizard.model.DecoderState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Asks one model the items of one task that its log does not know yet. */
final class TaskRun {
    private final EvaluatedModel model;
    private final Task task;
    private final @Nullable ItemLog log;
    private final Interrupt interrupt;
    private final ReadingCost cost;
    private final PairEncoder encoder;
    private final Map<String, ItemResult> done = new LinkedHashMap<>();
    private final List<ItemResult> fresh = new ArrayList<>();
    private int all;
    private long read;
    private long total;

    TaskRun(EvaluatedModel model, Task task, @Nullable ItemLog log, Interrupt interrupt, ReadingCost cost) {
        this.model = model;
        this.task = task;
        this.log = log;
        this.interrupt = interrupt;
        this.cost = cost;
        encoder = new PairEncoder(model.tokenizer());
    }

    /** An item that is yet to be asked, in tokens. */
    private sealed interface Work {
        Item item();

        record Choose(Item item, Question question) implements Work {}

        record Write(Item item, WrittenReader.Task task) implements Work {}

        @SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
        record Follow(Item item, int[] ids, int context) implements Work {}
    }

    /** The items' results in their order. */
    List<ItemResult> run(List<Item> items, EvalListener listener) {
        all = items.size();
        if (log != null) {
            done.putAll(log.done());
        }
        List<Item> left =
                items.stream().filter(item -> !done.containsKey(item.id())).toList();
        List<Work> open;
        try (Activity _ = Activity.begin("turning the items of " + task.name() + " into tokens")) {
            open = IntStream.range(0, left.size())
                    .parallel()
                    .mapToObj(i -> encoded(left.get(i), i))
                    .toList();
        }
        if (!open.isEmpty()) {
            ask(open, listener);
        }
        return items.stream().map(item -> done.get(item.id())).toList();
    }

    /** Tokens that were read. */
    long read() {
        return read;
    }

    private Work encoded(Item item, int index) {
        return switch (item.request()) {
            case Request.Likelihoods(List<Request.Candidate> candidates) -> {
                List<Pair> pairs = encoder.encode(candidates);
                pairs.forEach(pair -> check(item, pair.ids()));
                yield new Work.Choose(item, Question.of(index, pairs));
            }
            case Request.Written written -> {
                int[] prompt = check(item, encoder.prompt(written.prompt()));
                yield new Work.Write(item, new WrittenReader.Task(index, prompt, written));
            }
            case Request.Rolling rolling ->
                new Work.Follow(item, check(item, model.tokenizer().encode(rolling.text(), true)), rolling.context());
            case Request.Tokens(List<Integer> ids) ->
                new Work.Follow(
                        item,
                        check(item, ids.stream().mapToInt(Integer::intValue).toArray()),
                        0);
        };
    }

    /** Refuses what the model has no embedding for. */
    private int[] check(Item item, int[] ids) {
        int most = model.decoder().vocabulary();
        for (int id : ids) {
            if (id < 0 || id >= most) {
                throw LizardException.at(
                        LizardException.Kind.INPUT,
                        "token id out of range",
                        "item %s of %s".formatted(item.id(), task.name()),
                        "0 to " + (most - 1),
                        id,
                        "use the tokenizer that belongs to this model");
            }
        }
        return ids;
    }

    private void ask(List<Work> open, EvalListener listener) {
        List<Question> questions = new ArrayList<>();
        List<WrittenReader.Task> writings = new ArrayList<>();
        List<Work.Follow> texts = new ArrayList<>();
        for (Work work : open) {
            switch (work) {
                case Work.Choose choose -> questions.add(choose.question());
                case Work.Write write -> writings.add(write.task());
                case Work.Follow follow -> texts.add(follow);
            }
        }
        List<PrefixGroup> groups = PrefixGroup.of(questions, cost);
        List<List<Batch>> batches = groups.stream()
                .map(group -> Batch.of(group.questions(), group.prefix(), cost))
                .toList();
        total = groups.stream().mapToLong(PrefixGroup::prefix).sum()
                + batches.stream().flatMap(List::stream).mapToLong(Batch::cost).sum()
                + writings.stream().mapToLong(one -> one.prompt().length).sum()
                + texts.stream().mapToLong(text -> text.ids().length).sum();
        try (Progress progress = listener.progress(model.name() + " " + task.name(), "tokens", total)) {
            for (int i = 0; i < groups.size(); i++) {
                choose(open, groups.get(i), batches.get(i), progress);
            }
            write(open, writings, progress);
            for (Work.Follow text : texts) {
                follow(text, progress);
            }
        }
    }

    private void choose(List<Work> open, PrefixGroup group, List<Batch> batches, Progress progress) {
        LikelihoodReader reader = new LikelihoodReader(model.decoder(), cost);
        try (DecoderState start = reader.prefix(group)) {
            read += group.prefix();
            for (Batch batch : batches) {
                reader.read(
                        batch,
                        start,
                        (question, answer) -> keep(open.get(question.index()).item(), answer, question.longest() + 1));
                read += batch.cost();
                save(progress);
            }
        }
    }

    private void write(List<Work> open, List<WrittenReader.Task> writings, Progress progress) {
        if (!writings.isEmpty()) {
            new WrittenReader(model, cost)
                    .read(
                            writings,
                            (one, answer) -> {
                                read += one.prompt().length;
                                keep(
                                        open.get(one.index()).item(),
                                        answer,
                                        one.prompt().length + answer.ids().size());
                            },
                            () -> save(progress));
        }
    }

    private void follow(Work.Follow text, Progress progress) {
        Score score = new Scorer(model.decoder()).score(text.ids(), text.context(), 0, progress.after(read));
        int longest = text.context() == 0 ? text.ids().length : Math.min(text.ids().length, text.context());
        read += text.ids().length;
        keep(text.item(), new Answer.Rolling(score.nll()), longest);
        save(progress);
    }

    private void keep(Item item, Answer answer, int tokens) {
        fresh.add(ItemResult.of(item, answer, tokens, model.decoder().config().maxPositions()));
    }

    private void save(Progress progress) {
        if (log != null && !fresh.isEmpty()) {
            log.add(fresh);
        }
        fresh.forEach(result -> done.put(result.id(), result));
        fresh.clear();
        progress.update(Math.min(read, total), "%d/%d items".formatted(done.size(), all));
        interrupt.check(
                log == null
                        ? "nothing was kept; give --out to keep items"
                        : "%d of %d items of %s are kept; the same command goes on"
                                .formatted(done.size(), all, task.name()));
    }
}
