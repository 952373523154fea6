package dev.lizard.tensor.cuda;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.Device;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What kernels ask of a card and of the compiler beside it.
 *
 * @param capability 10 major + minor
 * @param sharedBytes most shared memory of a block, where a kernel asks for more than the usual 48 KiB
 * @param architectures that NVRTC makes code for, such as 90; none where there is no NVRTC
 */
public record Card(String name, int capability, int sharedBytes, int multiprocessors, List<Integer> architectures) {
    private static final Map<Device, Card> ASKED = new ConcurrentHashMap<>();

    public Card {
        architectures = List.copyOf(architectures);
    }

    /**
     * Asks driver and compiler, once for each device.
     *
     * @throws LizardException ENVIRONMENT where there is no driver
     */
    public static Card of(Device device) {
        return ASKED.computeIfAbsent(device, Card::ask);
    }

    private static Card ask(Device device) {
        Driver driver = Driver.get();
        int index = device.index();
        return new Card(
                driver.name(index),
                driver.capability(index),
                driver.attribute(Driver.SHARED_BYTES_OPT_IN, index),
                driver.attribute(Driver.MULTIPROCESSORS, index),
                compiled());
    }

    private static List<Integer> compiled() {
        try {
            return Nvrtc.get().architectures();
        } catch (LizardException e) {
            return List.of(); // composed operations serve; `doctor` says what is missing
        }
    }

    /** The architecture that kernels are compiled for: the card's own or the nearest older one; 0 where there is none. */
    public int target() {
        return target(capability, architectures);
    }

    static int target(int capability, List<Integer> architectures) {
        return architectures.stream()
                .mapToInt(a -> a)
                .filter(a -> a <= capability)
                .max()
                .orElse(0);
    }

    /** Such as 8.6. */
    public static String version(int capability) {
        return String.format(Locale.ROOT, "%d.%d", capability / 10, capability % 10);
    }
}
