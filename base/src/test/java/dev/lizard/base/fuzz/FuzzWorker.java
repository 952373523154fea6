package dev.lizard.base.fuzz;

import com.sun.management.ThreadMXBean;
import dev.lizard.base.LizardException;
import dev.lizard.base.SplitMix64;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Tries inputs one after another on a thread of its own, so that another can see when one takes too long. */
final class FuzzWorker extends Thread {
    /** An input while it is tried. */
    record Turn(long number, Map<String, byte[]> input, long since, long cpuSince) {}

    private static final int MOST_FINDINGS = 20;
    private static final long MOST_ALLOCATED = 1L << 30;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final FuzzTarget target;
    private final FuzzSettings settings;
    private final Journal journal;
    private final List<Map<String, byte[]>> samples;
    private final CountDownLatch done = new CountDownLatch(1);

    private volatile @Nullable Turn turn;
    private volatile @Nullable Throwable failure;

    /** By what is at fault, the first input of each. */
    private final Map<String, Finding> findings = new LinkedHashMap<>();

    private long inputs;
    private long accepted;
    private long slowest;
    private long slowestNanos;
    private long mostAllocated;
    private @Nullable MemoryUse early;
    private @Nullable MemoryUse late;

    FuzzWorker(FuzzTarget target, FuzzSettings settings, Journal journal) throws IOException {
        super("fuzz-" + target.name());
        setDaemon(true);
        this.target = target;
        this.settings = settings;
        this.journal = journal;
        this.samples = target.samples();
    }

    @Override
    public void run() {
        long start = System.nanoTime();
        try {
            for (Map<String, byte[]> sample : samples) {
                target.read(sample); // loads classes and libraries, whose time is not an input's
            }
            OptionalLong only = settings.only();
            if (only.isPresent()) {
                attempt(only.getAsLong());
                return;
            }
            while (part(start) < 1 && findings.size() < MOST_FINDINGS) {
                if (early == null && part(start) > 0.25) {
                    early = MemoryUse.now();
                }
                attempt(inputs);
            }
            late = MemoryUse.now();
        } catch (Throwable e) {
            failure = e;
        } finally {
            done.countDown();
        }
    }

    /** How much of the run is over, 0 to 1. */
    private double part(long start) {
        return settings.inputs().isPresent()
                ? (double) inputs / settings.inputs().getAsLong()
                : (double) (System.nanoTime() - start) / settings.time().toNanos();
    }

    private void attempt(long number) throws IOException {
        SplittableRandom random = new SplittableRandom(settings.seed() * SplitMix64.GOLDEN + number);
        Map<String, byte[]> sample = samples.get(random.nextInt(samples.size()));
        Map<String, byte[]> input = target.mutate(sample, new Mutator(random));
        journal.begin(number);
        try {
            accepted += attempt(number, input) ? 1 : 0;
        } catch (Throwable e) {
            Finding finding = new Finding(number, input, e);
            findings.putIfAbsent(finding.fault(), finding);
        }
        turn = null;
        inputs++;
    }

    /** Whether the input is accepted; throws where the reader breaks its promise. */
    private boolean attempt(long number, Map<String, byte[]> input) throws IOException {
        boolean read = false;
        long alive = target.alive();
        long bytes = THREADS.getCurrentThreadAllocatedBytes();
        long since = System.nanoTime();
        turn = new Turn(number, input, since, THREADS.getCurrentThreadCpuTime());
        try {
            target.read(input);
            read = true;
        } catch (LizardException e) {
            Messages.check(e, target.kinds());
        }
        long nanos = System.nanoTime() - since;
        if (nanos > slowestNanos) {
            slowestNanos = nanos;
            slowest = number;
        }
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - bytes;
        mostAllocated = Math.max(mostAllocated, allocated);
        if (allocated > MOST_ALLOCATED) {
            throw new AssertionError("%d MiB of heap for one input".formatted(allocated >> 20));
        }
        if (target.alive() != alive) {
            throw new AssertionError("%d alive, %d before".formatted(target.alive(), alive));
        }
        return read;
    }

    boolean ends(long millis) throws InterruptedException {
        return done.await(millis, TimeUnit.MILLISECONDS);
    }

    @Nullable
    Turn turn() {
        return turn;
    }

    List<Finding> findings() {
        return List.copyOf(findings.values());
    }

    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Time of this thread's own work on the input, in nanoseconds. */
    long cpu(Turn of) {
        return THREADS.getThreadCpuTime(threadId()) - of.cpuSince;
    }

    FuzzFigures figures(long nanos) {
        MemoryUse from = early == null ? new MemoryUse(0, 0) : early;
        MemoryUse to = late == null || early == null ? from : late;
        return new FuzzFigures(
                target.name(),
                System.getProperty("lizard.version", "unknown"),
                Runtime.version().toString(),
                settings.seed(),
                inputs,
                accepted,
                inputs - accepted,
                nanos / 1_000_000 / 1e3,
                slowestNanos / 1_000 / 1e3,
                slowest,
                mostAllocated,
                to.heap() - from.heap(),
                to.outside() - from.outside());
    }
}
