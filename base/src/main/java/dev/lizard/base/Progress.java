package dev.lizard.base;

/** How far one piece of long work has come; the command line renders it, tests and libraries use {@link #NONE}. */
public interface Progress extends AutoCloseable {
    /** Says nothing. */
    Progress NONE = new Progress() {
        @Override
        public void update(long done, String detail) {}

        @Override
        public void close() {}
    };

    /**
     * Tells where the work is; calls may come as often as the work likes, rendering is limited in rate.
     *
     * @param done units finished so far (tokens, bytes, items), not the increment
     * @param detail a short text beside it such as {@code "loss 2.31"}, or empty
     */
    void update(long done, String detail);

    /** A share of this work that begins when {@code before} units are done; closing it ends nothing. */
    default Progress after(long before) {
        Progress whole = this;
        return new Progress() {
            @Override
            public void update(long done, String detail) {
                whole.update(before + done, detail);
            }

            @Override
            public void close() {}
        };
    }

    /** Ends the display; the last state stays readable. */
    @Override
    void close();
}
