package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.ProcessMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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
        if (!isAddress(url)) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "bad value",
                    "--url",
                    "an address such as http://localhost:8080",
                    "'" + url + "'",
                    "give one");
        }
        return new LoadedServer(null, pid, url.replaceFirst("/+$", ""));
    }

    private static boolean isAddress(String url) {
        try {
            URI address = new URI(url);
            return address.getHost() != null && Set.of("http", "https").contains(address.getScheme());
        } catch (URISyntaxException e) {
            return false;
        }
    }

    /**
     * Starts {@code lizard serve} with this program's own Java and settings.
     *
     * @param tell hears what it says on standard error while it serves
     * @throws LizardException as the server's, where it ends before it serves
     */
    static LoadedServer start(String model, int parallel, Settings settings, Consumer<String> tell) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of("serve", "--model", model, "--port", "0", "--json", "--quiet"));
        command.addAll(List.of("--parallel", Integer.toString(parallel), "--prefix-mib", "0"));
        command.addAll(List.of("--device", settings.device(), "--dtype", settings.dtype()));
        command.addAll(List.of("--threads", Integer.toString(settings.threads())));
        command.addAll(List.of("--cache", settings.cache().toString()));
        if (settings.offline()) {
            command.add("--offline");
        }
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().remove("LIZARD_API_KEY"); // it listens to this machine alone, which has none
        Process process = builder.start();
        BufferedReader out = process.inputReader();
        BufferedReader err = process.errorReader();
        String line = out.readLine();
        if (line == null) {
            throw ended(process, err.lines().toList());
        }
        Thread.ofVirtual().start(() -> err.lines().map(LoadedServer::bare).forEach(tell));
        Thread.ofVirtual().start(() -> out.lines().forEach(_ -> {})); // its log, so that it never waits to be read
        String url = Json.MAPPER.readTree(line).path("url").asString("").replaceFirst("/v1$", "");
        return new LoadedServer(process, process.pid(), url);
    }

    /** What a server that ended said last, as the failure that its exit code tells. */
    private static LizardException ended(Process process, List<String> said) {
        int code = process.onExit().join().exitValue();
        LizardException.Kind kind = Arrays.stream(LizardException.Kind.values())
                .filter(each -> each.exitCode() == code)
                .findFirst()
                .orElse(LizardException.Kind.FAILED);
        String why = said.isEmpty() ? "exit code " + code : bare(said.getLast());
        return new LizardException(kind, "the server did not start: " + why);
    }

    private static String bare(String line) {
        return line.replaceFirst("^lizard: (warning: )?", "");
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
