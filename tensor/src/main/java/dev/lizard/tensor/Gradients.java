package dev.lizard.tensor;

import org.bytedeco.pytorch.GradMode;

/** Switches the recording of gradients on this thread: {@code try (Gradients off = Gradients.off()) { ... }}. */
public final class Gradients implements AutoCloseable {
    private final boolean before;

    private Gradients(boolean enabled) {
        before = GradMode.is_enabled();
        GradMode.set_enabled(enabled);
    }

    public static Gradients off() {
        return new Gradients(false);
    }

    /** Switches recording on inside a part where it is off, as the layer-local steps of distillation do. */
    public static Gradients on() {
        return new Gradients(true);
    }

    public static boolean enabled() {
        return GradMode.is_enabled();
    }

    @Override
    public void close() {
        GradMode.set_enabled(before);
    }
}
