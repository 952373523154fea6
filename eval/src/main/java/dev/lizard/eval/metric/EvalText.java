package dev.lizard.eval.metric;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.StreamDecoder;
import dev.lizard.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Held-out text cut into windows of equal length T + 1: the first T tokens of a window are read, the last T foretold.
 *
 * @param windows ids, each of the same length of 2 or more
 * @param bytes how many bytes each token stands for, as {@code windows}; empty for byte models, where it is one each
 */
public record EvalText(List<int[]> windows, List<int[]> bytes) {
    public EvalText {
        windows = List.copyOf(windows);
        bytes = List.copyOf(bytes);
        if (windows.isEmpty() || windows.getFirst().length < 2) {
            throw new IllegalArgumentException("evaluation needs at least one window of two tokens");
        }
        int length = windows.getFirst().length;
        if (windows.stream().anyMatch(window -> window.length != length)) {
            throw new IllegalArgumentException("all windows must have " + length + " tokens");
        }
    }

    /** Windows for a byte model. */
    public static EvalText ofBytes(List<int[]> windows) {
        return new EvalText(windows, List.of());
    }

    /** Cuts ids of bytes into as many whole windows of {@code length} + 1 as there are, {@code most} at most. */
    public static EvalText cut(int[] ids, int length, int most) {
        return ofBytes(windows(ids, length, most));
    }

    /** The same for tokens, each of which stands for the bytes of what it spells. */
    public static EvalText cut(int[] ids, Tokenizer tokenizer, int length, int most) {
        StreamDecoder text = tokenizer.streamDecoder(true, true);
        int[] bytes = Arrays.stream(ids)
                .map(id -> text.append(id).getBytes(StandardCharsets.UTF_8).length)
                .toArray();
        return new EvalText(windows(ids, length, most), windows(bytes, length, most));
    }

    private static List<int[]> windows(int[] values, int length, int most) {
        List<int[]> windows = new ArrayList<>();
        for (int at = 0; at + length + 1 <= values.length && windows.size() < most; at += length + 1) {
            windows.add(Arrays.copyOfRange(values, at, at + length + 1));
        }
        return windows;
    }

    /** T, predictions of one window. */
    public int length() {
        return windows.getFirst().length - 1;
    }

    /** Bytes of the token foretold at position {@code t} of a window. */
    int bytesAt(int window, int t) {
        return bytes.isEmpty() ? 1 : bytes.get(window)[t + 1];
    }

    /** What is read: ids [count, T] of the windows from {@code first}. */
    public Tensor inputs(int first, int count, Device device) {
        return slice(first, count, 0, device);
    }

    /** What is foretold: ids [count, T]. */
    Tensor targets(int first, int count, Device device) {
        return slice(first, count, 1, device);
    }

    private Tensor slice(int first, int count, int shift, Device device) {
        int length = length();
        long[] ids = new long[count * length];
        for (int row = 0; row < count; row++) {
            int[] window = windows.get(first + row);
            for (int t = 0; t < length; t++) {
                ids[row * length + t] = window[t + shift];
            }
        }
        Tensor host = Tensors.of(ids, count, length);
        return device.isCuda() ? host.to(device) : host;
    }
}
