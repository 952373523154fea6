package dev.lizard.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How a tensor's numbers lie in a file: plain numbers (a block of one) or the blocks of GGUF, which share a scale among
 * 32 or 256 consecutive numbers of a row. Everything is little-endian.
 */
public enum StoredType {
    F64(1, 8, 28),
    F32(1, 4, 0),
    F16(1, 2, 1),
    BF16(1, 2, 30),
    I64(1, 8, 27),
    I32(1, 4, 26),
    I16(1, 2, 25),
    I8(1, 1, 24),
    U8(1, 1, -1),
    BOOL(1, 1, -1),
    Q8_0(32, 34, 8),
    Q4_0(32, 18, 2),
    Q4_1(32, 20, 3),
    Q5_0(32, 22, 6),
    Q5_1(32, 24, 7),
    Q2_K(256, 84, 10),
    Q3_K(256, 110, 11),
    Q4_K(256, 144, 12),
    Q5_K(256, 176, 13),
    Q6_K(256, 210, 14);

    private final int blockSize;
    private final int blockBytes;
    private final int ggufId;

    StoredType(int blockSize, int blockBytes, int ggufId) {
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
        this.ggufId = ggufId;
    }

    /** Numbers in a block: 1, 32 or 256. */
    public int blockSize() {
        return blockSize;
    }

    /** Bytes of a block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Whether several numbers share a block; then a row must hold whole blocks. */
    public boolean isBlocked() {
        return blockSize > 1;
    }

    /** Bytes that {@code elements} numbers take; a multiple of {@link #blockSize} is the caller's duty. */
    public long bytesFor(long elements) {
        return Math.multiplyExact(elements / blockSize, (long) blockBytes);
    }

    /** The type that GGUF writes as {@code id}. */
    static Optional<StoredType> ofGguf(int id) {
        return Arrays.stream(values()).filter(t -> t.ggufId == id && id >= 0).findFirst();
    }

    /** The type that safetensors writes as {@code name}. */
    static Optional<StoredType> ofSafetensors(String name) {
        return Arrays.stream(values())
                .filter(t -> !t.isBlocked() && t.name().equals(name))
                .findFirst();
    }

    static String ggufNames() {
        return Arrays.stream(values())
                .filter(t -> t.ggufId >= 0)
                .map(Enum::name)
                .collect(Collectors.joining(", "));
    }

    static String safetensorsNames() {
        return Arrays.stream(values())
                .filter(t -> !t.isBlocked())
                .map(Enum::name)
                .collect(Collectors.joining(", "));
    }
}
