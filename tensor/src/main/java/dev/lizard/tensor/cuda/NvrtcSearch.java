package dev.lizard.tensor.cuda;

import dev.lizard.base.LizardException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where NVRTC is looked for: the file that {@code -Dlizard.nvrtc} or {@code LIZARD_NVRTC} names, and nowhere else if
 * one does; beside libtorch's CUDA libraries; in {@code LIZARD_LIBTORCH} and {@code java.library.path}; where the
 * system's loader looks; in /usr/local/cuda.
 */
final class NvrtcSearch {
    private static final List<String> SYSTEM_NAMES =
            List.of("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so", "nvrtc64_130_0.dll", "nvrtc64_120_0.dll");
    private static final List<String> SYSTEM_FOLDERS =
            List.of("/usr/local/cuda/lib64", "/usr/local/cuda/targets/x86_64-linux/lib", "/usr/lib/x86_64-linux-gnu");
    private static final List<String> LIBTORCH = List.of("libtorch_cuda.so", "libc10_cuda.so", "libcudart.so");

    private NvrtcSearch() {}

    static NativeLibrary find() {
        String demanded = setting("lizard.nvrtc", "LIZARD_NVRTC");
        if (demanded != null) {
            return NativeLibrary.load(demanded)
                    .orElseThrow(() -> LizardException.environment(
                            "no NVRTC at %s, as -Dlizard.nvrtc or LIZARD_NVRTC says: correct it, or unset it to search"
                                    .formatted(demanded)));
        }
        List<String> candidates = new ArrayList<>();
        for (Path folder : folders()) {
            candidates.addAll(within(folder));
        }
        candidates.addAll(SYSTEM_NAMES);
        SYSTEM_FOLDERS.forEach(folder -> candidates.addAll(within(Path.of(folder))));
        return candidates.stream()
                .map(NativeLibrary::load)
                .flatMap(Optional::stream)
                .filter(library -> library.has("nvrtcGetCUBIN"))
                .findFirst()
                .orElseThrow(() -> LizardException.environment(
                        "no NVRTC found (libnvrtc.so.13 or .12 of the CUDA toolkit), which compiles our kernels:"
                                + " install it, or name the file with LIZARD_NVRTC"));
    }

    private static @Nullable String setting(String property, String variable) {
        String value = System.getProperty(property);
        String inherited = value == null ? System.getenv(variable) : value;
        return inherited == null || inherited.isEmpty() ? null : inherited;
    }

    /** Folders that hold, or may hold, the libraries libtorch uses. */
    private static Set<Path> folders() {
        Set<Path> folders = new LinkedHashSet<>(loadedFolders());
        String libtorch = System.getenv("LIZARD_LIBTORCH");
        if (libtorch != null && !libtorch.isEmpty()) {
            folders.add(Path.of(libtorch));
        }
        for (String folder : System.getProperty("java.library.path", "").split(File.pathSeparator, -1)) {
            if (!folder.isEmpty()) {
                folders.add(Path.of(folder));
            }
        }
        return folders;
    }

    /** On Linux the process's map names every library it has loaded. */
    private static Set<Path> loadedFolders() {
        Set<Path> folders = new LinkedHashSet<>();
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            lines.filter(line -> LIBTORCH.stream().anyMatch(line::contains))
                    .map(line -> Path.of(line.substring(line.indexOf('/'))).getParent())
                    .forEach(folders::add);
        } catch (IOException e) {
            return Set.of(); // not Linux
        }
        return folders;
    }

    /** Files named like the library, the newest version first. */
    private static List<String> within(Path folder) {
        List<String> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            files.map(Path::toString)
                    .filter(f -> f.matches(".*[/\\\\]libnvrtc(-[0-9a-f]+)?\\.so(\\.\\d+)*"))
                    .forEach(found::add);
        } catch (IOException e) {
            return List.of();
        }
        Collections.sort(found, Collections.reverseOrder());
        return found;
    }
}
