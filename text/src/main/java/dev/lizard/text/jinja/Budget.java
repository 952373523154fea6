package dev.lizard.text.jinja;

import dev.lizard.base.Interrupt;

/**
 * What one rendering may cost, so that a template from anywhere neither runs for hours nor fills the memory. The bounds
 * grow with the conversation, since a long one may cost more.
 */
final class Budget {
    /** Evaluations, turns of loops and items made, at least. */
    private static final long STEPS = 2_000_000;

    /** Characters of one text, at least. */
    private static final long LONGEST = 1 << 24;

    /** Characters of all texts made on the way, at least. */
    private static final long MADE = 1 << 26;

    private static final int DEEPEST = 600;
    /** Looking through this many characters costs a step. */
    private static final int SCANNED = 128;

    private static final int POLL = 1 << 12;

    private final Interrupt interrupt;
    private final long mostSteps;
    private final long longest;
    private final long mostMade;
    private long steps;
    private long made;
    private long polled;
    private int depth;
    private int line = 1;

    /**
     * @param values strings, numbers and containers in the variables
     * @param characters of all strings in them
     */
    Budget(Interrupt interrupt, long values, long characters) {
        this.interrupt = interrupt;
        mostSteps = STEPS + 64 * values + characters;
        longest = LONGEST + 4 * characters;
        mostMade = MADE + 64 * characters;
    }

    /** Where the template is. */
    void at(int where) {
        line = where;
    }

    int line() {
        return line;
    }

    void step() {
        step(1);
    }

    void step(long count) {
        steps += count;
        if (steps > mostSteps || count < 0) {
            throw TemplateError.beyond("more than %d steps".formatted(mostSteps));
        }
        if (steps - polled >= POLL) {
            polled = steps;
            interrupt.check("the conversation was not written");
        }
    }

    /** Before {@code characters} are looked through. */
    void scan(long characters) {
        step(1 + characters / SCANNED);
    }

    /** Before a text of {@code length} grows by {@code more}. */
    void make(long length, long more) {
        made += more;
        if (length + more > longest) {
            throw TemplateError.beyond("longer than %d characters".formatted(longest));
        }
        if (made > mostMade || made < 0) {
            throw TemplateError.beyond("longer than %d characters on the way".formatted(mostMade));
        }
    }

    /** Before what may nest; {@link #leave} ends it. */
    void enter() {
        if (++depth > DEEPEST) {
            throw TemplateError.tooDeep();
        }
    }

    void leave() {
        depth--;
    }
}
