package dev.lizard.tensor.cuda;

import java.util.Locale;

/** A part of the work that has kernels of its own beside composed operations. */
public enum KernelPart {
    LIZARD_FORWARD("lizard over sequences"),
    LIZARD_BACKWARD("gradients of lizard"),
    MEMORY("matrix memory over sequences"),
    SLOTS("exact slots over sequences"),
    DECODE("decoding step of lizard"),
    SLOT_DECODE("decoding step of exact slots"),
    ROWS("projections of a decoding step"),
    LOGITS("logits of gates"),
    TRAINING("norms, gates, rotations and losses"),
    SMALL("sums and factors of parameters"),
    SAMPLING("choice of tokens");

    private final String title;

    KernelPart(String title) {
        this.title = title;
    }

    /** Such as {@code lizard-forward}, for scripts. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What people call it. */
    public String title() {
        return title;
    }
}
