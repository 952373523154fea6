package dev.lizard.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the host believes of clocks, beside a device made up: its work runs now or is recorded for later. */
@ExtendWith(LiveTensors.class)
class GraphClocksTest {
    private final DecodeClock near = new DecodeClock(new double[] {1, 0.1}, 1, 64, Device.CPU);
    private final DecodeClock far = new DecodeClock(new double[] {1, 0.1}, 1, 128, Device.CPU);
    private final GraphClocks clocks = new GraphClocks();
    private final Map<Integer, Tensor> onDevice = new HashMap<>(); // by window
    private final List<Runnable> recording = new ArrayList<>();
    private boolean records;

    private void tick(Tensor clock, Tensor frequencies, double scale, int window, Tensor tables, Tensor now) {
        onDevice.put(window, clock);
        if (records) {
            recording.add(() -> advance(clock));
        } else {
            advance(clock);
        }
    }

    private static void advance(Tensor clock) {
        long[] now = clock.longs();
        clock.copy_(Tensors.of(new long[] {now[0] + 1, now[1] + 1}, 2));
    }

    private void step(long position, DecodeClock... ofLayers) {
        for (DecodeClock clock : ofLayers) {
            clock.show(this::tick, position, position);
        }
    }

    private void record(long position, DecodeClock... ofLayers) {
        records = true;
        try {
            clocks.record(List.of(near, far), () -> step(position, ofLayers));
        } finally {
            records = false;
        }
    }

    private void replay(long position) {
        clocks.set(position, position);
        recording.forEach(Runnable::run);
        clocks.replayed();
    }

    private long[] clock(int window) {
        return onDevice.get(window).longs();
    }

    @AfterEach
    void close() {
        near.close();
        far.close();
    }

    @Test
    void eachWindowOfAStepTicksOnceAtAReplay() {
        step(0, near, far, near, far);
        record(1, near, far, far, near);
        assertThat(recording).hasSize(2);
        for (long position = 1; position < 5; position++) {
            replay(position);
        }
        assertThat(clock(64)).containsExactly(5, 5);
        assertThat(clock(128)).containsExactly(5, 5);
        replay(100); // another sequence takes its turn
        assertThat(clock(64)).containsExactly(101, 101);
        assertThat(clock(128)).containsExactly(101, 101);
    }

    @Test
    void aClockThatTheRecordingDoesNotMoveIsNotBelievedToHaveMoved() {
        step(0, near, far);
        record(1, near);
        for (long position = 1; position < 4; position++) {
            replay(position);
        }
        assertThat(clock(64)).containsExactly(4, 4);
        assertThat(clock(128)).containsExactly(1, 1);
        step(4, near, far); // unrecorded, in both windows
        assertThat(clock(64)).containsExactly(5, 5);
        assertThat(clock(128)).containsExactly(5, 5);
    }

    @Test
    void aRecordingThatFailsLeavesTheClocksWhereTheyAre() {
        step(0, near, far);
        records = true;
        assertThatThrownBy(() -> clocks.record(List.of(near, far), () -> {
                    step(1, near);
                    throw new IllegalStateException("out of memory");
                }))
                .hasMessage("out of memory");
        records = false;
        step(1, near, far);
        assertThat(clock(64)).containsExactly(2, 2);
        assertThat(clock(128)).containsExactly(2, 2);
    }
}
