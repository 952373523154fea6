package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.ProcessMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A server under load, in a process of its own: one that is started for this, or one that runs already. */
final class LoadedServer implements AutoCloseable {
    private static final long FAREWELL_SECONDS = 60;

    private final @Nullable Process process;
    private final long pid;
    private final String url;

    private LoadedServer(@Nullable Process process, long pid, String url) {
        this.process = process;
        this.pid = pid;
        this.url = url;
    }

    /** One that runs; {@code pid} 0 where its memory is not to be told. */
    static LoadedServer at(String url, long pid) {
        return new LoadedServer(null, pid, url.replaceFirst("/+$", ""));
    }

    /**
     * Starts {@code lizard serve} with this program's own Java and settings.
     *
     * @throws LizardException FAILED where it ends before it serves; it has told why on standard error
     */
    static LoadedServer start(String model, int parallel, Settings settings) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of("serve", "--model", model, "--port", "0", "--json", "--quiet"));
        command.addAll(List.of("--parallel", Integer.toString(parallel), "--prefix-mib", "0"));
        command.addAll(List.of("--device", settings.device(), "--dtype", settings.dtype()));
        command.addAll(List.of("--threads", Integer.toString(settings.threads())));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out = process.inputReader();
        String line = out.readLine();
        if (line == null) {
            throw LizardException.failed("cannot measure " + model + ": expected a server but it ended; see above why");
        }
        Thread.ofVirtual().start(() -> out.lines().forEach(_ -> {})); // its log, so that it never waits to be read
        String url = Json.MAPPER.readTree(line).path("url").asString("").replaceFirst("/v1$", "");
        return new LoadedServer(process, process.pid(), url);
    }

    String url() {
        return url;
    }

    OptionalLong peakBytes() {
        return pid == 0 ? OptionalLong.empty() : ProcessMemory.peakBytes(pid);
    }

    @Override
    public void close() {
        if (process != null) {
            process.destroy();
            try {
                if (process.waitFor(FAREWELL_SECONDS, TimeUnit.SECONDS)) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            process.destroyForcibly();
        }
    }
}
