package dev.lizard.tensor.cuda;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.Device;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * A card and its clocks, as its driver describes them.
 *
 * @param clockKilohertz the highest that the multiprocessors may run at
 * @param memoryKilohertz likewise of the memory, which moves two words a tick
 * @param memoryBits width of its bus
 */
public record CudaCard(Card card, int clockKilohertz, int memoryKilohertz, int memoryBits) {
    private static final double TERA = 1e12;
    private static final double KILO = 1e3;

    /**
     * Asks the driver.
     *
     * @throws LizardException ENVIRONMENT where there is none
     */
    public static CudaCard of(Device device) {
        Driver driver = Driver.get();
        int index = device.index();
        return new CudaCard(
                Card.of(device),
                driver.attribute(Driver.CLOCK, index),
                driver.attribute(Driver.MEMORY_CLOCK, index),
                driver.attribute(Driver.MEMORY_BUS, index));
    }

    /**
     * Bytes now held of a card's memory, all processes together and what the engine keeps for later included; empty on
     * the CPU.
     */
    public static OptionalLong memoryHeld(Device device) {
        return device.isCuda() ? OptionalLong.of(Driver.get().memoryHeld(device.index())) : OptionalLong.empty();
    }

    /** Bytes of a card's memory that nobody holds now; empty on the CPU. */
    public static OptionalLong memoryFree(Device device) {
        return device.isCuda() ? OptionalLong.of(Driver.get().memoryFree(device.index())) : OptionalLong.empty();
    }

    /**
     * 10¹² operations a second of dense products in bfloat16 with float32 sums, at the highest clock. Data sheets use a
     * lower clock: 989 for an H100 SXM, which runs at up to 1.98 GHz, so 1,070 here. Empty where cards of the same
     * capability differ or the number is not known to us.
     */
    public OptionalDouble peakTflops() {
        int perTick = // of one multiprocessor
                switch (card.capability()) {
                    case 80 -> 2048;
                    case 90 -> 4096;
                    case 100 -> 8192;
                    default -> 0;
                };
        return known(card.multiprocessors() * KILO * clockKilohertz * perTick / TERA);
    }

    /** 10¹² bytes a second between the card and its memory; empty where the driver keeps silent. */
    public OptionalDouble peakTerabytes() {
        return known(2 * KILO * memoryKilohertz * (memoryBits / 8.0) / TERA);
    }

    private static OptionalDouble known(double value) {
        return value > 0 ? OptionalDouble.of(value) : OptionalDouble.empty();
    }
}
