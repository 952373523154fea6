package dev.lizard.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How a tensor's numbers lie in a file: plain numbers (a block of one) or the blocks of GGUF, which share a scale among
 * 32 or 256 consecutive numbers of a row. Everything is little-endian. Types that safetensors has and nothing here
 * converts are known by their sizes alone, so that a file may hold them where nobody needs them.
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
    Q6_K(256, 210, 14),
    U16(1, 2),
    U32(1, 4),
    U64(1, 8),
    C64(1, 8),
    F8_E4M3(1, 1),
    F8_E4M3FNUZ(1, 1),
    F8_E5M2(1, 1),
    F8_E5M2FNUZ(1, 1),
    F8_E8M0(1, 1),
    F6_E2M3(4, 3),
    F6_E3M2(4, 3),
    F4(2, 1);

    private final int blockSize;
    private final int blockBytes;
    private final int ggufId;
    private final boolean readable;

    /** Of safetensors alone, sized but not read. */
    StoredType(int blockSize, int blockBytes) {
        this(blockSize, blockBytes, -1, false);
    }

    StoredType(int blockSize, int blockBytes, int ggufId) {
        this(blockSize, blockBytes, ggufId, true);
    }

    StoredType(int blockSize, int blockBytes, int ggufId, boolean readable) {
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
        this.ggufId = ggufId;
        this.readable = readable;
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

    /** Whether its numbers can be converted. */
    public boolean isReadable() {
        return readable;
    }

    /** Whether it stores fractions: what weights must be. */
    public boolean isWeight() {
        return readable && (isBlocked() || this == F64 || this == F32 || this == F16 || this == BF16);
    }

    private boolean isSafetensors() {
        return !readable || !isBlocked();
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
                .filter(t -> t.isSafetensors() && t.name().equals(name))
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
                .filter(t -> t.readable && !t.isBlocked())
                .map(Enum::name)
                .collect(Collectors.joining(", "));
    }
}
