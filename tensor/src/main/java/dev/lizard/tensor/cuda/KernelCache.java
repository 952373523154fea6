package dev.lizard.tensor.cuda;

import dev.lizard.base.Hashes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Compiled kernels on disk, one file each: SHA-256 of the code, then the code. The file's name is the SHA-256 of all
 * that the code depends on, so nothing is ever out of date; an entry that is torn is compiled again. A folder that
 * cannot be written to only costs time.
 */
record KernelCache(Path folder) {
    private static final int DIGEST = 32;

    /** {@code -Dlizard.cache}, else {@code LIZARD_CACHE}, else ~/.cache/lizard; in it, the folder kernels. */
    static KernelCache standard() {
        String property = System.getProperty("lizard.cache");
        String variable = System.getenv("LIZARD_CACHE");
        Path base;
        if (property != null) {
            base = Path.of(property);
        } else if (variable != null && !variable.isEmpty()) {
            base = Path.of(variable);
        } else {
            base = Path.of(System.getProperty("user.home"), ".cache", "lizard");
        }
        return new KernelCache(base.resolve("kernels"));
    }

    /** The code kept for these inputs, else what {@code compiler} makes, which is then kept. */
    byte[] get(KernelSource source, int capability, String compilerVersion, Supplier<byte[]> compiler) {
        Path file = folder.resolve(key(source, capability, compilerVersion) + ".cubin");
        return read(file).orElseGet(() -> {
            byte[] code = compiler.get();
            write(file, code);
            return code;
        });
    }

    static String key(KernelSource source, int capability, String compilerVersion) {
        MessageDigest digest = Hashes.sha256();
        add(digest, compilerVersion);
        add(digest, Integer.toString(capability));
        add(digest, source.name());
        add(digest, source.text());
        new TreeMap<>(source.headers()).forEach((name, text) -> {
            add(digest, name);
            add(digest, text);
        });
        source.options().forEach(option -> add(digest, option));
        return Hashes.hex(digest);
    }

    /** Length first, so that no two lists of texts give the same bytes. */
    private static void add(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
    }

    private static Optional<byte[]> read(Path file) {
        try {
            byte[] all = Files.readAllBytes(file);
            if (all.length <= DIGEST) {
                return Optional.empty();
            }
            byte[] code = Arrays.copyOfRange(all, DIGEST, all.length);
            return Arrays.equals(Hashes.sha256().digest(code), 0, DIGEST, all, 0, DIGEST)
                    ? Optional.of(code)
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static void write(Path file, byte[] code) {
        try {
            Path folder = Files.createDirectories(file.toAbsolutePath().getParent());
            Path fresh = Files.createTempFile(folder, "kernel", ".tmp");
            try {
                byte[] all = Arrays.copyOf(Hashes.sha256().digest(code), DIGEST + code.length);
                System.arraycopy(code, 0, all, DIGEST, code.length);
                Files.write(fresh, all);
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(fresh);
            }
        } catch (IOException e) {
            // kept for speed only: without it the next process compiles again
        }
    }
}
