package dev.lizard.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Where the program starts and, in this file only, ends. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        int code;
        try (EarlyEngine _ = EarlyEngine.begin(System.getenv(), args)) {
            code = run(args);
        }
        System.exit(code);
    }

    private static int run(String[] args) {
        // UTF-8 whatever the locale says: JSON lines must be, and models' text is.
        ResultStream out = new ResultStream(new FileOutputStream(FileDescriptor.out));
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
        Locales.warning(System.getProperty("sun.jnu.encoding"), windows, args)
                .ifPresent(warning -> err.println("lizard: warning: " + warning));
        Streams streams = new Streams(out, err, Boolean.getBoolean("lizard.seen"), Boolean.getBoolean("lizard.live"));
        int code = new App(streams, System.getenv(), SilenceWatch::start).run(args);
        err.flush();
        return code;
    }
}
