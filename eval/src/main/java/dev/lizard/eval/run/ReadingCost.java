package dev.lizard.eval.run;

import dev.lizard.tensor.Device;

/**
 * What reading costs on a device, in tokens.
 *
 * @param call what a call costs beside its tokens
 * @param together tokens that rows of one batch may hold
 * @param piece tokens read in one call
 * @param rows at most in a batch
 */
record ReadingCost(int call, int together, int piece, int rows) {
    static ReadingCost on(Device device) {
        return device.isCuda()
                ? new ReadingCost(512, 1 << 17, 1 << 15, 512)
                : new ReadingCost(16, 1 << 12, 1 << 11, 32);
    }
}
