package dev.lizard.eval.run;

import dev.lizard.eval.task.Answer;
import dev.lizard.eval.task.Request.Written;
import dev.lizard.generate.Engine;
import dev.lizard.generate.FinishReason;
import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.Sampler;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.generate.Session;
import dev.lizard.generate.Writing;
import dev.lizard.model.Decoder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** Writes the answers of many prompts together, greedily; what prompts share with those before them is read once. */
final class WrittenReader {
    private static final int LANES = 8;
    private static final int LANES_CUDA = 64;

    private final EvaluatedModel model;
    private final ReadingCost cost;

    WrittenReader(EvaluatedModel model, ReadingCost cost) {
        this.model = model;
        this.cost = cost;
    }

    /**
     * What is to be written.
     *
     * @param index of the item
     * @param prompt in tokens
     */
    @SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
    record Task(int index, int[] prompt, Written request) {
        /** As a question about what follows the prompt's last token, for the sake of shared beginnings. */
        private Question question() {
            return new Question(index, List.of(prompt), List.of(), 0, prompt.length - 1, prompt.length);
        }
    }

    /** An answer under way; its session is needed until it was taken up. */
    private record Lane(Task task, Session session, Writing writing) {
        boolean isTakenUp() {
            return !writing.ids().isEmpty() || writing.reason() != FinishReason.CANCELLED;
        }
    }

    /**
     * Writes all.
     *
     * @param answered hears of each, in the order in which they are done
     * @param step is called between two tokens
     */
    void read(List<Task> tasks, BiConsumer<Task, Answer.Written> answered, Runnable step) {
        Decoder decoder = model.decoder();
        int lanes = decoder.device().isCuda() ? LANES_CUDA : LANES;
        Deque<Lane> waiting = new ArrayDeque<>();
        List<Lane> open = new ArrayList<>();
        try (Engine engine = new Engine(decoder, lanes)) {
            List<Question> questions = tasks.stream().map(Task::question).toList();
            Map<Integer, Task> byItem = tasks.stream().collect(Collectors.toMap(Task::index, task -> task));
            for (PrefixGroup group : PrefixGroup.of(questions, cost)) {
                List<Task> members = group.questions().stream()
                        .map(question -> byItem.get(question.index()))
                        .sorted(Comparator.comparingInt((Task task) -> -task.prompt().length))
                        .toList();
                try (Session beginning = new Session(decoder)) {
                    beginning.prefill(Arrays.copyOf(members.getFirst().prompt(), group.prefix()));
                    for (Task task : members) {
                        Lane lane = begin(task, beginning, group.prefix());
                        waiting.add(lane);
                        open.add(lane);
                        engine.branch(lane.session(), sampler(), lane.writing());
                        while (open.size() >= lanes) {
                            step(engine, waiting, open, answered, step);
                        }
                    }
                }
            }
            while (!open.isEmpty()) {
                step(engine, waiting, open, answered, step);
            }
        } finally {
            waiting.forEach(lane -> lane.session().close());
        }
    }

    private Lane begin(Task task, Session beginning, int read) {
        GenerationSettings settings = new GenerationSettings(
                task.request().tokens(), SamplerSettings.GREEDY, task.request().stops(), model.endIds(), false);
        Writing writing = new Writing(model.tokenizer(), settings, GenerationListener.NONE, () -> false);
        Session session = read > 0 ? beginning.fork() : new Session(model.decoder());
        try {
            session.prefill(Arrays.copyOfRange(task.prompt(), read, task.prompt().length));
            return new Lane(task, session, writing);
        } catch (RuntimeException | Error e) {
            session.close();
            throw e;
        }
    }

    private Sampler sampler() {
        return new Sampler(SamplerSettings.GREEDY, model.decoder().vocabulary());
    }

    private static void step(
            Engine engine,
            Deque<Lane> waiting,
            List<Lane> open,
            BiConsumer<Task, Answer.Written> answered,
            Runnable step) {
        boolean _ = engine.step();
        while (!waiting.isEmpty() && waiting.element().isTakenUp()) {
            waiting.remove().session().close();
        }
        List<Lane> done = open.stream().filter(lane -> lane.writing().isDone()).toList();
        open.removeAll(done);
        done.forEach(lane -> answered.accept(
                lane.task(),
                new Answer.Written(
                        lane.writing().text(), List.copyOf(lane.writing().ids()))));
        step.run();
    }
}
