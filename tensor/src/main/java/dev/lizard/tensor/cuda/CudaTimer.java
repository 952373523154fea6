package dev.lizard.tensor.cuda;

import dev.lizard.tensor.Device;
import java.util.ArrayList;
import java.util.List;

/** How long a device works on something, by CUDA events on the stream of libtorch's operations. */
public final class CudaTimer {
    private CudaTimer() {}

    /**
     * Queues {@code work} so many times, one call behind another with an event between them, after a call that does not
     * count, and waits at the end. As long as the host queues a call faster than the device works it off, the host has
     * no part in these times.
     *
     * @param work queues operations on {@code device} and does not wait for them
     * @return milliseconds of each call
     */
    public static double[] milliseconds(Device device, int calls, Runnable work) {
        Driver driver = Driver.get();
        driver.use(device.index());
        long stream = TorchStream.current(device.index());
        List<Long> events = new ArrayList<>();
        try {
            for (int i = 0; i <= calls; i++) {
                events.add(driver.event());
            }
            work.run();
            driver.record(events.getFirst(), stream);
            for (int i = 1; i <= calls; i++) {
                work.run();
                driver.record(events.get(i), stream);
            }
            driver.synchronize(stream);
            double[] times = new double[calls];
            for (int i = 0; i < calls; i++) {
                times[i] = driver.elapsed(events.get(i), events.get(i + 1));
            }
            return times;
        } finally {
            events.forEach(driver::destroyEvent);
        }
    }
}
