package dev.lizard.serve.schedule;

import dev.lizard.base.LizardException;
import dev.lizard.generate.ModelFingerprint;
import dev.lizard.generate.Session;
import dev.lizard.generate.Snapshot;
import dev.lizard.generate.StoredSession;
import dev.lizard.model.Decoder;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** States kept of beginnings, in memory and, where there is a folder for them, on the disk. */
final class KnownStates implements AutoCloseable {
    private final Decoder decoder;
    private final PrefixTree memory;
    private final @Nullable SpillFolder disk;
    private final Figures figures;
    private @Nullable String fingerprint;

    /** Holds so many bytes in memory; {@code disk} stays its owner's. */
    KnownStates(Decoder decoder, long budget, @Nullable SpillFolder disk, Figures figures) {
        this.decoder = decoder;
        this.disk = disk;
        this.figures = figures;
        memory = new PrefixTree(budget, (ids, snapshot) -> {
            if (disk != null) {
                disk.put(ids, snapshot);
            }
        });
        if (disk != null) {
            fingerprint = disk.model();
            figures.spilled = disk::states;
            figures.spilledBytes = disk::bytes;
        }
    }

    /** How much of a prompt need not be read, and where its state lies; 0 tokens where all is to be read. */
    record Beginning(PrefixTree.@Nullable Node node, SpillIndex.@Nullable Entry file) {
        int depth() {
            return file != null ? file.depth() : node != null ? node.depth() : 0;
        }
    }

    /** Makes {@code ids} known, without a state. */
    void add(int[] ids) {
        memory.add(ids);
    }

    /** As {@link PrefixTree#keep}. */
    void keep(int[] ids, int depth, Snapshot snapshot, List<TokenScore> scores, int top) {
        memory.keep(ids, depth, snapshot, scores, top);
    }

    /** As {@link PrefixTree#shared}. */
    PrefixTree.@Nullable Node shared(int[] ids) {
        return memory.shared(ids);
    }

    /** The longest beginning of a prompt whose state is kept; those on the disk have no scores. */
    Beginning longest(Work work) {
        PrefixTree.Node node = memory.longest(work.prompt(), work.promptScores() ? work.top() : Work.NO_SCORES);
        SpillIndex.Entry file = disk == null || work.promptScores()
                ? null
                : disk.longest(work.prompt(), node == null ? 0 : node.depth());
        return new Beginning(node, file);
    }

    /** Begins a work with a new session that stands there; earlier where a file turns out to be damaged. */
    void begin(Running one, Beginning beginning) {
        Session session = new Session(decoder);
        int[] ids = one.work().prompt();
        SpillIndex.Entry file = beginning.file;
        if (file != null && disk != null) {
            Snapshot snapshot = disk.load(decoder, file, ids);
            if (snapshot == null) {
                session.close();
                begin(one, longest(one.work())); // that file is not there any longer
                return;
            }
            session.rewind(snapshot);
            one.begin(session, file.depth(), List.of());
            keep(ids, file.depth(), snapshot, List.of(), Work.NO_SCORES);
            figures.diskHits.increment();
        } else if (beginning.node != null && beginning.node.snapshot() != null) {
            session.rewind(beginning.node.snapshot());
            one.begin(session, beginning.node.depth(), beginning.node.scores());
            figures.memoryHits.increment();
        } else {
            one.begin(session, 0, List.of());
            figures.misses.increment();
        }
    }

    /** Begins behind the prompt, with the state of a file, which becomes known. */
    void load(Running one, Path file) {
        int[] prompt = one.work().prompt();
        Snapshot snapshot = Snapshot.load(decoder, model(), file);
        if (!snapshot.hasRead(prompt)) {
            snapshot.close();
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "bad session file",
                    file,
                    "the state after its %d tokens".formatted(prompt.length),
                    "a state of others",
                    "save the session again");
        }
        Session session = new Session(decoder);
        session.rewind(snapshot);
        one.begin(session, prompt.length, List.of());
        keep(prompt, prompt.length, snapshot, List.of(), Work.NO_SCORES);
    }

    /** A copy of where a session stands, to be written to a file with these notes. */
    StoredSession store(Session session, Map<String, String> notes) {
        try (Snapshot snapshot = session.snapshot()) {
            return snapshot.stored(Arena.ofAuto(), model(), notes);
        }
    }

    /** {@link ModelFingerprint}, which takes a moment, once it is needed. */
    private String model() {
        if (fingerprint == null) {
            fingerprint = ModelFingerprint.of(decoder);
        }
        return fingerprint;
    }

    /** States in memory. */
    int kept() {
        return memory.kept();
    }

    /** Bytes of them. */
    long bytes() {
        return memory.bytes();
    }

    /** Frees the memory; what the disk has room for goes there, what was used last at last. */
    @Override
    public void close() {
        if (disk != null) {
            memory.each(disk::flush);
        }
        memory.close();
    }
}
