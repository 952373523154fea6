package dev.lizard.checkpoint;

import dev.lizard.base.Hashes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * A file as the hub lists it. Large files have a SHA-256, small ones the hash that git gives their content.
 *
 * @param path under the repository, with slashes
 * @param size in bytes, -1 where it is unknown
 */
record HubFile(String path, long size, Optional<String> sha256, Optional<String> gitHash) {
    /** What is wrong with a downloaded file, if anything: expected and found. */
    Optional<Manifest.Torn> check(Path file, long actualSize, String actualSha256) {
        if (size >= 0 && actualSize != size) {
            return Optional.of(new Manifest.Torn(path, size + " bytes", actualSize + " bytes"));
        }
        if (sha256.isPresent()) {
            return sha256.get().equals(actualSha256)
                    ? Optional.empty()
                    : Optional.of(new Manifest.Torn(path, "sha256 " + sha256.get(), actualSha256));
        }
        if (gitHash.isEmpty()) {
            return Optional.empty();
        }
        String actual = gitHashOf(file, actualSize);
        return gitHash.get().equals(actual)
                ? Optional.empty()
                : Optional.of(new Manifest.Torn(path, "git hash " + gitHash.get(), actual));
    }

    /** The hub's ETag is one of the two hashes: taken where the listing has none. */
    HubFile withEtag(Optional<String> etag) {
        if (sha256.isPresent() || gitHash.isPresent() || etag.isEmpty()) {
            return this;
        }
        String bare = etag.get().replaceFirst("^W/", "").replace("\"", "");
        if (bare.matches("[0-9a-f]{64}")) {
            return new HubFile(path, size, Optional.of(bare), Optional.empty());
        }
        return bare.matches("[0-9a-f]{40}") ? new HubFile(path, size, Optional.empty(), Optional.of(bare)) : this;
    }

    static String gitHashOf(Path file, long size) {
        MessageDigest digest = Hashes.digest("SHA-1");
        digest.update(("blob " + size + "\0").getBytes(StandardCharsets.UTF_8));
        Hashes.update(digest, file);
        return Hashes.hex(digest);
    }
}
