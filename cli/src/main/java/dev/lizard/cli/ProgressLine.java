package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.Progress;
import java.util.Locale;
import java.util.function.LongSupplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * Shows progress as a line that redraws itself, as a plain line now and then, or as JSON lines. The speed is that since
 * the first update, so that the warm-up before it (JIT, first kernels) does not spoil the estimate.
 */
final class ProgressLine implements Progress {
    /** How it is shown. */
    enum Form {
        LIVE(0.1),
        PLAIN(10),
        JSON(1);

        private final double interval;

        /** @param interval least seconds between two lines */
        Form(double interval) {
            this.interval = interval;
        }
    }

    private final Console console;
    private final Form form;
    private final String title;
    private final String unit;
    private final long total;
    private final LongSupplier nanos;
    private final long start;
    private long firstDone = -1;
    private long firstTime;
    private long lastShown;
    private long done;
    private String detail = "";
    private boolean closed;

    ProgressLine(Console console, Form form, String title, String unit, long total, LongSupplier nanos) {
        this.console = console;
        this.form = form;
        this.title = title;
        this.unit = unit;
        this.total = total;
        this.nanos = nanos;
        this.start = nanos.getAsLong();
        this.lastShown = start;
        show(start, "starting, the first step warms up");
    }

    @Override
    public synchronized void update(long now, String text) {
        long time = nanos.getAsLong();
        done = now;
        detail = text;
        boolean first = firstDone < 0;
        if (first) {
            firstDone = now;
            firstTime = time;
        }
        if (!closed && (first || seconds(lastShown, time) >= form.interval)) {
            show(time, detail);
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        console.progressEnded();
        if (form == Form.LIVE) {
            console.live(null);
        }
        double elapsed = seconds(start, nanos.getAsLong());
        if (form == Form.JSON) {
            ObjectNode node = node(nanos.getAsLong());
            console.say(Json.line(node.put("elapsed_s", round(elapsed))));
        } else {
            String end = detail.isEmpty() ? "" : "  " + detail;
            console.say("%s: %s in %s%s".formatted(title, amount(), duration(elapsed), end));
        }
    }

    private void show(long time, String text) {
        lastShown = time;
        switch (form) {
            case LIVE -> console.live(line(time, text));
            case PLAIN -> console.say(line(time, text));
            case JSON -> console.say(Json.line(node(time)));
        }
    }

    private String line(long time, String text) {
        StringBuilder line = new StringBuilder(title).append(": ").append(amount());
        double speed = speed(time);
        if (speed > 0) {
            line.append("  ").append(count(speed)).append(' ').append(unit).append("/s");
            if (total > 0) {
                line.append("  ").append(duration((total - done) / speed)).append(" left");
            }
        }
        return text.isEmpty() ? line.toString() : line.append("  ").append(text).toString();
    }

    private ObjectNode node(long time) {
        ObjectNode node = Json.object()
                .put("progress", title)
                .put("done", done)
                .put("total", total)
                .put("unit", unit);
        double speed = speed(time);
        if (speed > 0) {
            node.put("per_s", round(speed));
            if (total > 0) {
                node.put("left_s", round((total - done) / speed));
            }
        }
        return node;
    }

    private String amount() {
        if (total <= 0) {
            return count((double) done) + " " + unit;
        }
        return "%s/%s %s %d%%".formatted(count((double) done), count((double) total), unit, 100 * done / total);
    }

    private double speed(long time) {
        double elapsed = seconds(firstTime, time);
        return firstDone < 0 || elapsed <= 0 ? 0 : (done - firstDone) / elapsed;
    }

    private static double seconds(long from, long to) {
        return (to - from) / 1e9;
    }

    private static double round(double value) {
        return Math.round(value * 10) / 10.0;
    }

    /** {@code 950}, {@code 12.5K}, {@code 3.20M}: three digits that matter. */
    static String count(double value) {
        return value < 1e3
                ? String.format(Locale.ROOT, value < 10 && value != Math.rint(value) ? "%.1f" : "%.0f", value)
                : value < 1e6
                        ? String.format(Locale.ROOT, "%.1fK", value / 1e3)
                        : value < 1e9
                                ? String.format(Locale.ROOT, "%.2fM", value / 1e6)
                                : String.format(Locale.ROOT, "%.2fG", value / 1e9);
    }

    /** {@code 0.4s}, {@code 12s}, {@code 4m10s}, {@code 2h05m}. */
    static String duration(double seconds) {
        long whole = Math.round(seconds);
        if (seconds < 9.95) {
            return String.format(Locale.ROOT, "%.1fs", seconds);
        }
        if (whole < 60) {
            return whole + "s";
        }
        if (whole < 3600) {
            return String.format(Locale.ROOT, "%dm%02ds", whole / 60, whole % 60);
        }
        return String.format(Locale.ROOT, "%dh%02dm", whole / 3600, whole % 3600 / 60);
    }
}
