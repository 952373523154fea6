package dev.lizard.tensor;

import org.bytedeco.pytorch.OptionalDeviceGuard;

/**
 * Makes a device the one that libtorch calls current on this thread, until it is closed. Operations find the device of
 * their tensors by themselves; a recording is begun and ended on the stream of the current one. That the driver's context
 * is right is not enough: libtorch may remember a device that it has not switched to.
 */
public final class CurrentDevice implements AutoCloseable {
    private final OptionalDeviceGuard guard;

    public CurrentDevice(Device device) {
        guard = new OptionalDeviceGuard(device.handle());
    }

    @Override
    public void close() {
        guard.close();
    }
}
