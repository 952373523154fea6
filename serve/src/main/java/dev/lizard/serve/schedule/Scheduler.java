package dev.lizard.serve.schedule;

import dev.lizard.base.LizardException;
import dev.lizard.generate.Engine;
import dev.lizard.generate.FinishReason;
import dev.lizard.generate.Sampler;
import dev.lizard.model.Decoder;
import dev.lizard.text.Tokenizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs many works on one engine, which its thread alone uses. Those that came first begin first; the prompts of all
 * that have begun are read in turns, a piece between two tokens of those that write, so that nobody waits for a long prompt
 * of another. States of beginnings are kept ({@link PrefixTree}): a prompt is read from the longest of them on.
 */
public final class Scheduler implements AutoCloseable {
    /** Beginnings shorter than this are not worth a state. */
    private static final int SHORTEST = 16;

    /** The part of a usual piece that is read between two tokens of others. */
    private static final int BETWEEN = 8;

    private final Decoder decoder;
    private final Tokenizer tokenizer;
    private final Limits limits;
    private final Figures figures = new Figures();
    private final BlockingQueue<List<Running>> inbox = new LinkedBlockingQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Lock turn;
    private final Thread thread;
    private volatile boolean closing;

    // Of the thread alone:
    private final Deque<Running> queue = new ArrayDeque<>();
    private final Deque<Running> reading = new ArrayDeque<>();
    private final List<Running> writing = new ArrayList<>();
    private final IdentityHashMap<PrefixTree.Node, Running> promised =
            new IdentityHashMap<>(); // states that will be kept soon
    private final KnownStates known;
    private Engine engine;

    /**
     * How much there may be.
     *
     * @param running works under way together
     * @param waiting works not begun
     * @param keptBytes of states of beginnings
     */
    public record Limits(int running, int waiting, long keptBytes) {}

    /** Without a place on the disk. */
    public Scheduler(Decoder decoder, Tokenizer tokenizer, Limits limits) {
        this(decoder, tokenizer, limits, null, new ReentrantLock());
    }

    /**
     * All but the limits stay their owners'; nobody else uses the decoder until this is closed.
     *
     * @param spill a place on the disk for states; null for none
     * @param turn held while something is computed, so that schedulers that share it take turns
     */
    public Scheduler(Decoder decoder, Tokenizer tokenizer, Limits limits, @Nullable SpillFolder spill, Lock turn) {
        this.decoder = decoder;
        this.tokenizer = tokenizer;
        this.limits = limits;
        this.turn = turn;
        known = new KnownStates(decoder, limits.keptBytes(), spill, figures);
        engine = new Engine(decoder, limits.running());
        thread = Thread.ofPlatform().name("engine").daemon().start(this::loop);
    }

    public Figures figures() {
        return figures;
    }

    /** Hands works over, all or none of them; empty where there is no room for them now. */
    public synchronized Optional<Ticket> submit(List<Work> works) {
        int count = waiting.addAndGet(works.size());
        if (closing || count > limits.waiting()) {
            waiting.addAndGet(-works.size());
            return Optional.empty();
        }
        Ticket ticket = new Ticket();
        List<Running> all = new ArrayList<>();
        for (Work work : works) {
            all.add(new Running(work, ticket, all.size()));
        }
        inbox.add(all);
        return Optional.of(ticket);
    }

    // ---- the thread ------------------------------------------------------------------------------------------------

    private void loop() {
        try {
            while (!closing) {
                receive();
                turn.lock();
                try {
                    round();
                } finally {
                    turn.unlock();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            synchronized (this) { // nothing is handed over any longer
                closing = true;
                failAll(Event.Cause.CLOSING, "the server stops");
            }
            turn.lock();
            try {
                engine.close();
                known.close();
            } finally {
                turn.unlock();
            }
        }
    }

    /** Takes in what came; waits where there is nothing else to do. */
    private void receive() throws InterruptedException {
        boolean idle = queue.isEmpty() && reading.isEmpty() && writing.isEmpty();
        List<Running> next = idle ? inbox.take() : inbox.poll();
        while (next != null) {
            for (Running one : next) {
                known.add(one.work().prompt()); // before the first begins, so that it keeps what they share
                queue.add(one);
            }
            next = inbox.poll();
        }
    }

    private void round() {
        try {
            waiting.addAndGet(-forget(queue));
            forget(reading);
            while (!queue.isEmpty() && reading.size() + writing.size() < limits.running()) {
                reading.add(queue.remove());
                waiting.decrementAndGet();
            }
            read();
            engine.step();
        } catch (RuntimeException | OutOfMemoryError e) {
            // Nothing is known of the rows any longer; those to come get new ones.
            failAll(
                    Event.Cause.FAULT,
                    e instanceof LizardException ? String.valueOf(e.getMessage()) : "internal error: " + e);
            engine.close();
            engine = new Engine(decoder, limits.running());
        }
        figures.held = new Figures.Held(
                reading.size() + writing.size(),
                waiting.get(),
                engine.stateBytes() + states(reading) + states(writing),
                known.kept(),
                known.bytes());
    }

    private static long states(Iterable<Running> some) {
        long bytes = 0;
        for (Running one : some) {
            bytes += one.stateBytes();
        }
        return bytes;
    }

    /** Drops those that are not wanted any longer or late; gives how many. */
    private int forget(Deque<Running> some) {
        int count = some.size();
        for (Iterator<Running> each = some.iterator(); each.hasNext(); ) {
            Running one = each.next();
            if (one.isUnwanted() || one.isLate()) {
                each.remove();
                end(one, late(one));
            }
        }
        return count - some.size();
    }

    private static Event.@Nullable Failed late(Running one) {
        return one.isLate() ? new Event.Failed(Event.Cause.TIME, "it took longer than it may") : null;
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /** Reads some tokens, of several prompts where they are short. */
    private void read() {
        int room = 0;
        for (int turns = reading.size(); turns > 0; turns--) {
            Running one = reading.element();
            try {
                if (!begun(one)) {
                    reading.add(reading.remove());
                    continue;
                }
                int piece = one.session().chunk();
                room = room > 0 ? room : writing.isEmpty() ? piece : Math.max(1, piece / BETWEEN);
                room -= readPiece(one, room);
                reading.remove();
                if (one.read() == one.work().prompt().length) {
                    write(one);
                } else {
                    reading.add(one);
                }
            } catch (LizardException e) {
                reading.remove(one);
                Event.Cause cause = e.kind() == LizardException.Kind.INPUT ? Event.Cause.FILE : Event.Cause.FAULT;
                end(one, new Event.Failed(cause, String.valueOf(e.getMessage())));
            }
            if (room == 0 && !reading.isEmpty()) {
                return;
            }
        }
    }

    /** Whether it has begun; not where another is about to keep the state from which it is best begun. */
    private boolean begun(Running one) {
        if (one.hasBegun()) {
            return true;
        }
        Work work = one.work();
        if (work.transfer() instanceof Transfer.Load load) {
            known.load(one, load.file());
            return true;
        }
        KnownStates.Beginning from = known.longest(work);
        PrefixTree.Node shared = known.shared(work.prompt());
        if (shared != null && shared.depth() >= SHORTEST && from.depth() < shared.depth()) {
            if (promised.putIfAbsent(shared, one) != null) {
                return false;
            }
            one.keepAt(shared.depth());
        }
        known.begin(one, from);
        figures.promptTokens.add(work.prompt().length);
        figures.cachedTokens.add(one.cached());
        return true;
    }

    /** Reads up to {@code most} tokens and keeps what was promised; gives how many. */
    private int readPiece(Running one, int most) {
        int from = one.read();
        int end = Math.min(one.work().prompt().length, from + most);
        boolean keep = from < one.keepAt() && one.keepAt() <= end;
        one.read(keep ? one.keepAt() : end);
        if (keep) {
            keep(one, one.work().prompt(), one.keepAt());
            promised.values().remove(one);
        }
        return one.read() - from;
    }

    private void keep(Running one, int[] ids, int depth) {
        if (depth >= SHORTEST) {
            boolean scored = one.work().promptScores() && one.scores().size() == depth - 1;
            known.keep(
                    ids,
                    depth,
                    one.session().snapshot(),
                    scored ? one.scores() : List.of(),
                    scored ? one.work().top() : Work.NO_SCORES);
        }
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    private void write(Running one) {
        Work work = one.work();
        if (one.cached() < work.prompt().length && !(work.choices().isEmpty() && work.promptScores())) {
            keep(one, work.prompt(), work.prompt().length);
        }
        if (work.transfer() instanceof Transfer.Store store) {
            one.tell(new Event.Stored(known.store(one.session(), store.notes())));
        }
        one.tellRead();
        if (work.choices().isEmpty()) {
            end(one, null);
            return;
        }
        writing.add(one);
        one.writes(work.choices().size());
        for (int i = 0; i < work.choices().size(); i++) {
            Choice choice = new Choice(one, i, tokenizer, figures, this::ended);
            Sampler sampler = new Sampler(work.choices().get(i).sampling(), decoder.vocabulary());
            if (work.choices().size() == 1) {
                engine.join(one.session(), Collections.emptyIterator(), sampler, choice);
            } else {
                engine.branch(one.session(), sampler, choice);
            }
        }
    }

    private void ended(Choice choice, @Nullable LizardException failure) {
        Running one = choice.running();
        int left = one.choiceLeft();
        if (one.isOver()) {
            one.end();
            return;
        }
        if (failure != null) {
            end(one, new Event.Failed(Event.Cause.FAULT, String.valueOf(failure.getMessage())));
            return;
        }
        FinishReason reason = choice.reason();
        figures.end(reason);
        if (reason == FinishReason.CANCELLED) {
            end(one, late(one));
        } else if (left == 0) {
            if (one.work().choices().size() == 1) {
                keepTurn(one, choice.ids());
            }
            figures.whole.add(one.seconds());
            end(one, null);
        }
    }

    /** Keeps the state after an answer, from which the next question goes on. */
    private void keepTurn(Running one, List<Integer> answer) {
        int[] prompt = one.work().prompt();
        int[] all = Arrays.copyOf(prompt, prompt.length + answer.size());
        for (int i = 0; i < answer.size(); i++) {
            all[prompt.length + i] = answer.get(i);
        }
        if (!answer.isEmpty()) {
            keep(one, all, all.length);
        }
    }

    private void end(Running one, Event.@Nullable Failed failure) {
        if (failure != null) {
            figures.failures.increment();
            one.tell(failure);
        }
        promised.values().remove(one);
        writing.remove(one);
        one.end();
    }

    private void failAll(Event.Cause cause, String message) {
        List<Running> all = new ArrayList<>(queue);
        all.addAll(reading);
        all.addAll(writing);
        inbox.forEach(all::addAll);
        inbox.clear();
        waiting.set(0);
        queue.clear();
        reading.clear();
        writing.clear();
        promised.clear();
        for (Running one : all) {
            end(one, new Event.Failed(cause, message));
            one.free(); // no lane will be asked again
        }
    }

    /** Ends what is under way and frees all memory. */
    @Override
    public void close() {
        closing = true;
        inbox.add(List.of());
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
