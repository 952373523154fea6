package dev.lizard.tensor.cuda;

/** Sizes of a grid (in blocks) or of a block (in threads) along its three axes. */
public record Dim(int x, int y, int z) {
    public static Dim of(int x) {
        return new Dim(x, 1, 1);
    }

    public static Dim of(int x, int y) {
        return new Dim(x, y, 1);
    }

    public static Dim of(int x, int y, int z) {
        return new Dim(x, y, z);
    }

    @Override
    public String toString() {
        return x + "x" + y + "x" + z;
    }
}
