package dev.lizard.base;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Checksums in hexadecimal, as {@code sha256sum} prints them; files are streamed. */
public final class Hashes {
    private static final int BUFFER = 1 << 16;

    private Hashes() {}

    public static MessageDigest sha256() {
        return digest("SHA-256");
    }

    /** A digest that every Java platform has. */
    public static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has " + algorithm, impossible);
        }
    }

    public static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** SHA-256 of a text in UTF-8. */
    public static String sha256(String text) {
        return HexFormat.of().formatHex(sha256().digest(text.getBytes(UTF_8)));
    }

    /**
     * SHA-256 of a file.
     *
     * @throws LizardException INPUT where it cannot be read
     */
    public static String sha256(Path file) {
        try (Activity _ = Activity.begin("hashing " + file)) {
            MessageDigest digest = sha256();
            update(digest, file);
            return hex(digest);
        }
    }

    /** Of one file its own, of several that of the lines {@code sha256sum} would print for their names without folders. */
    public static String sha256(List<Path> files) {
        if (files.size() == 1) {
            return sha256(files.getFirst());
        }
        StringBuilder sums = new StringBuilder();
        for (Path file : files) {
            sums.append(sha256(file)).append("  ").append(file.getFileName()).append('\n');
        }
        return sha256(sums.toString());
    }

    /** Adds the bytes of a file. */
    public static void update(MessageDigest digest, Path file) {
        byte[] buffer = new byte[BUFFER];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        } catch (IOException unreadable) {
            throw unreadable(file, unreadable);
        }
    }

    /** What to throw where a file that was named cannot be read. */
    public static LizardException unreadable(Path file, IOException cause) {
        String why = cause instanceof AccessDeniedException ? "no permission" : String.valueOf(cause.getMessage());
        return new LizardException(
                LizardException.Kind.INPUT,
                "cannot read %s: %s; check the path and its permissions".formatted(file, why),
                cause);
    }
}
