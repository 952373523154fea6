package dev.lizard.tensor.cuda;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.Device;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/** Decides for every part of the work whether kernels or composed operations do it, and reports it to a listener. */
public final class KernelPaths {
    private static final KernelPaths HERE = new KernelPaths(Card::of);

    private record Asked(Device device, KernelNeed need) {}

    private final Function<Device, Card> cards;
    private final Map<Asked, KernelPath> paths = new ConcurrentHashMap<>();
    private final Set<String> said = new HashSet<>();
    private Consumer<String> listener = line -> {};
    private boolean all;

    /** @param cards what stands behind a CUDA device */
    public KernelPaths(Function<Device, Card> cards) {
        this.cards = cards;
    }

    /** Of this process and its cards. */
    public static KernelPaths here() {
        return HERE;
    }

    /**
     * Sets who is notified of decisions from now on, a line each.
     *
     * @param every all of them; else only what the card makes slower, once a part, or once where it is all parts
     */
    public synchronized void listen(Consumer<String> hears, boolean every) {
        listener = hears;
        all = every;
        said.clear();
        paths.clear(); // so that what was decided before is reported again
    }

    /** Whether kernels take over on {@code device}; asked before every call of theirs, so answers are kept. */
    public boolean kernel(Device device, KernelNeed need) {
        if (!device.isCuda()) {
            return false;
        }
        Asked asked = new Asked(device, need);
        KernelPath path = paths.get(asked);
        if (path == null) {
            path = decide(device, need);
            paths.put(asked, path);
        }
        return path.kernel();
    }

    private KernelPath decide(Device device, KernelNeed need) {
        try {
            Card card = cards.apply(device);
            KernelPath path = KernelPath.of(card, need);
            tell("%s (%s)".formatted(device, card.name()), path);
            return path;
        } catch (LizardException e) {
            KernelPath path = new KernelPath(need.part(), KernelPath.Reason.CARD, String.valueOf(e.getMessage()));
            tell(device.toString(), path);
            return path;
        }
    }

    private synchronized void tell(String card, KernelPath path) {
        String line = all ? card + ": " + path.line() : fallback(card, path).orElse("");
        String once = !all && path.reason() == KernelPath.Reason.MEMORY ? card + path.part() : line;
        if (!line.isEmpty() && said.add(once)) {
            listener.accept(line);
        }
    }

    private static Optional<String> fallback(String card, KernelPath path) {
        return switch (path.reason()) {
            case FITS, SIZES -> Optional.empty();
            case MEMORY -> Optional.of(card + ": " + path.line() + "; slower");
            case CARD ->
                Optional.of("%s: composed operations in place of our kernels; %s; slower".formatted(card, path.why()));
        };
    }
}
