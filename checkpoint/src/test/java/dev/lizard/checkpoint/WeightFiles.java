package dev.lizard.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.fuzz.Mutator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Safetensors files for fuzzers: small ones, their mutations, and reading all that is in one. */
final class WeightFiles {
    private WeightFiles() {}

    /** A file with these float32 tensors, counted up from 1. */
    static byte[] of(Map<String, List<Long>> shapes) {
        List<StoredTensor> tensors = new ArrayList<>();
        shapes.forEach((name, shape) -> tensors.add(stored(name, StoredType.F32, shape)));
        return of(tensors);
    }

    static byte[] of(List<StoredTensor> tensors) {
        try {
            Path file = Files.createTempFile("weights", ".safetensors");
            try {
                Safetensors.write(file, tensors, Map.of("format", "pt"));
                return Files.readAllBytes(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static StoredTensor stored(String name, StoredType type, List<Long> shape) {
        TensorInfo info = new TensorInfo(name, type, shape);
        return new StoredTensor(info, () -> MemorySegment.ofArray(new byte[(int) info.byteSize()]));
    }

    /** As the mutator does it, but safetensors files often by their header, whose length is kept right. */
    static Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        List<String> weights = sample.keySet().stream()
                .filter(name -> name.endsWith(".safetensors"))
                .sorted()
                .toList();
        if (weights.isEmpty() || mutator.random().nextInt(3) == 0) {
            return mutator.files(sample);
        }
        Map<String, byte[]> files = new LinkedHashMap<>(sample);
        files.computeIfPresent(mutator.any(weights), (name, content) -> header(content, mutator));
        return files;
    }

    private static byte[] header(byte[] content, Mutator mutator) {
        ByteBuffer old = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) old.getLong(0);
        byte[] json =
                mutator.json(new String(content, Long.BYTES, length, UTF_8)).getBytes(UTF_8);
        int body = content.length - Long.BYTES - length;
        return ByteBuffer.allocate(Long.BYTES + json.length + body)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(content, Long.BYTES + length, body)
                .array();
    }

    /** Reads every tensor and checks that none is more than the {@code stored} bytes. */
    static void readAll(WeightSource source, long stored) {
        for (String name : source.names()) {
            assertThat(source.info(name).byteSize()).isLessThanOrEqualTo(stored);
            assertThat(source.readFloat32(name)).hasSize((int) source.info(name).elements());
        }
    }

    static long size(Map<String, byte[]> files) {
        return files.values().stream().mapToLong(content -> content.length).sum();
    }
}
