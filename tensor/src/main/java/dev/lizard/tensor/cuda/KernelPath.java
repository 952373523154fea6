package dev.lizard.tensor.cuda;

import java.util.Locale;

/**
 * How one part of the work is done on a card.
 *
 * @param why in words
 */
public record KernelPath(KernelPart part, Reason reason, String why) {
    /** What decided it; all but the first mean composed operations. */
    public enum Reason {
        FITS,
        /** There are no kernels for such sizes or types on any card. */
        SIZES,
        /** The card has too little shared memory for a block. */
        MEMORY,
        /** No kernel runs on this card. */
        CARD
    }

    /** How a part that needs this is done on such a card. */
    public static KernelPath of(Card card, KernelNeed need) {
        if (card.capability() < KernelNeed.CAPABILITY) {
            return new KernelPath(
                    need.part(),
                    Reason.CARD,
                    "kernels need compute capability %s, the card has %s"
                            .formatted(Card.version(KernelNeed.CAPABILITY), Card.version(card.capability())));
        }
        if (card.architectures().isEmpty()) {
            return new KernelPath(need.part(), Reason.CARD, "there is no NVRTC to compile kernels");
        }
        if (card.target() < KernelNeed.CAPABILITY) {
            return new KernelPath(
                    need.part(),
                    Reason.CARD,
                    "NVRTC makes no code for compute capability " + Card.version(card.capability()));
        }
        if (need.written() != null) {
            return new KernelPath(need.part(), Reason.SIZES, "kernels take " + need.written());
        }
        boolean fits = need.sharedBytes() <= card.sharedBytes();
        String text = fits
                ? "%,d of %,d bytes of shared memory a block"
                : "a kernel needs %,d bytes of shared memory a block, the card has %,d";
        return new KernelPath(
                need.part(),
                fits ? Reason.FITS : Reason.MEMORY,
                String.format(Locale.ROOT, text, need.sharedBytes(), card.sharedBytes()));
    }

    /** Whether kernels do it. */
    public boolean kernel() {
        return reason == Reason.FITS;
    }

    /** Such as {@code logits of gates: composed operations; a kernel needs ...}. */
    public String line() {
        return "%s: %s; %s".formatted(part.title(), kernel() ? "kernels" : "composed operations", why);
    }
}
