package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes safetensors files, one tensor at a time: equal input gives equal bytes. Wide types come first and names are
 * sorted, so that with a header padded to eight bytes every tensor is aligned to its type.
 */
public final class Safetensors {
    private static final int ALIGNMENT = 8;

    private Safetensors() {}

    /**
     * Writes a file whole or not at all.
     *
     * @param tensors plain types, each name once
     * @param metadata texts for {@code __metadata__}
     * @throws LizardException ENVIRONMENT when the disk is full or refuses, naming the path
     */
    public static void write(Path target, Collection<StoredTensor> tensors, Map<String, String> metadata) {
        List<StoredTensor> ordered = new ArrayList<>(tensors);
        ordered.sort(
                Comparator.comparingInt((StoredTensor t) -> -t.info().type().blockBytes())
                        .thenComparing(t -> t.info().name()));
        byte[] header = header(ordered, metadata);
        AtomicFiles.write(target, channel -> {
            ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            length.putLong(0, header.length);
            Bytes.writeAll(channel, length.array());
            Bytes.writeAll(channel, header);
            for (StoredTensor tensor : ordered) {
                writeBody(channel, tensor);
            }
        });
    }

    /** Writes tensors of float32, bfloat16, float64, int64 or bool from any device. */
    public static void write(Path target, Map<String, Tensor> tensors, Map<String, String> metadata) {
        List<StoredTensor> stored = new ArrayList<>();
        tensors.forEach((name, tensor) -> stored.add(StoredTensor.of(name, tensor)));
        write(target, stored, metadata);
    }

    private static byte[] header(List<StoredTensor> ordered, Map<String, String> metadata) {
        ObjectNode header = Json.object();
        if (!metadata.isEmpty()) {
            ObjectNode node = header.putObject(SafetensorsHeader.METADATA);
            new TreeMap<>(metadata).forEach(node::put);
        }
        Set<String> names = new HashSet<>();
        long offset = 0;
        for (StoredTensor tensor : ordered) {
            TensorInfo info = tensor.info();
            if (info.type().isBlocked() || !names.add(info.name())) {
                throw new IllegalArgumentException(
                        "tensor %s of type %s: names once and plain types only".formatted(info.name(), info.type()));
            }
            ObjectNode node = header.putObject(info.name());
            node.put("dtype", info.type().name());
            info.shape().forEach(node.putArray("shape")::add);
            node.putArray("data_offsets").add(offset).add(offset + info.byteSize());
            offset += info.byteSize();
        }
        byte[] json = Json.line(header).getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, Math.ceilDiv(json.length, ALIGNMENT) * ALIGNMENT);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private static void writeBody(FileChannel channel, StoredTensor tensor) throws IOException {
        try (Scope scope = Scope.open()) { // host copies of device tensors die with their turn
            MemorySegment bytes = tensor.bytes().get();
            if (bytes.byteSize() != tensor.info().byteSize()) {
                throw new IllegalStateException("%s has %d bytes, not %d"
                        .formatted(
                                tensor.info().name(),
                                bytes.byteSize(),
                                tensor.info().byteSize()));
            }
            Bytes.writeAll(channel, bytes);
        }
    }
}
