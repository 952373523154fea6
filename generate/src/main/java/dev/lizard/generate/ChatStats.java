package dev.lizard.generate;

import org.jspecify.annotations.Nullable;

/**
 * Where a conversation stands.
 *
 * @param messages messages so far, the system's included
 * @param tokens tokens in the state
 * @param stateBytes bytes of the state
 * @param snapshots earlier turns that can be gone back to without reading
 * @param snapshotBytes bytes of these
 * @param last the last answer, if any
 */
public record ChatStats(
        int messages,
        long tokens,
        long stateBytes,
        int snapshots,
        long snapshotBytes,
        @Nullable Generation last) {}
