package dev.lizard.generate;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Hashes;
import dev.lizard.checkpoint.Safetensors;
import dev.lizard.checkpoint.StoredTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a {@link SessionFile} will hold, in the host's memory: any thread may write it, as long as that lives. */
public final class StoredSession {
    private static final int ALIGNMENT = 8;

    private final List<StoredTensor> tensors; // by name
    private final Map<String, String> metadata;

    StoredSession(List<StoredTensor> tensors, Map<String, String> metadata) {
        this.tensors = List.copyOf(tensors);
        this.metadata = metadata;
    }

    /** The same in memory of {@code arena}. */
    StoredSession copied(Arena arena) {
        List<StoredTensor> copies = new ArrayList<>();
        for (StoredTensor tensor : tensors) {
            MemorySegment copy = arena.allocate(tensor.info().byteSize(), ALIGNMENT);
            copy.copyFrom(tensor.bytes().get());
            copies.add(new StoredTensor(tensor.info(), () -> copy));
        }
        return new StoredSession(copies, metadata);
    }

    /** Bytes of its tensors, about the file's. */
    public long bytes() {
        return tensors.stream().mapToLong(tensor -> tensor.info().byteSize()).sum();
    }

    /**
     * Writes the file, whole or not at all.
     *
     * @throws dev.lizard.base.LizardException ENVIRONMENT where it cannot be written
     */
    public void write(Path file) {
        MessageDigest digest = digest(metadata);
        for (StoredTensor tensor : tensors) {
            add(
                    digest,
                    tensor.info().name() + tensor.info().shape(),
                    tensor.bytes().get());
        }
        Map<String, String> all = new TreeMap<>(metadata);
        all.put(SessionFile.CONTENT, Hashes.hex(digest));
        Safetensors.write(file, tensors, all);
    }

    static MessageDigest digest(Map<String, String> metadata) {
        MessageDigest digest = Hashes.sha256();
        digest.update(new TreeMap<>(metadata).toString().getBytes(UTF_8));
        return digest;
    }

    static void add(MessageDigest digest, String nameAndShape, MemorySegment bytes) {
        digest.update(nameAndShape.getBytes(UTF_8));
        digest.update(bytes.asByteBuffer());
    }
}
