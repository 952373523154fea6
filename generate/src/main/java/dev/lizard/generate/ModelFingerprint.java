package dev.lizard.generate;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Hashes;
import dev.lizard.checkpoint.Adapter;
import dev.lizard.model.Decoder;
import dev.lizard.model.Lora;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tells models apart without reading all of them: a SHA-256 over sizes, positions, mixers, and the adapter, and 32
 * numbers of each weight and each mixer parameter, spread evenly. A model that was trained further, or is computed in
 * another type, is another.
 */
public final class ModelFingerprint {
    private static final int PROBES = 32;

    /** What files of version 0.1 know nothing of, where it has no effect. */
    private static final List<String> NEWER = List.of(
            ", windowFactor=1.0",
            ", kind=SLIDING",
            ", near=Near[window=0, first=0, branches=BOTH]",
            ", rule=LEARNED",
            "first=0, ",
            ", far=GATED, exact=SlotSpec[slots=0, hidden=128, type=INT8, limit=0, halfLife=0.0]",
            ", limit=0");

    private final MessageDigest digest = Hashes.sha256();

    private ModelFingerprint() {}

    /** In hexadecimal. */
    public static String of(Decoder decoder) {
        ModelFingerprint print = new ModelFingerprint();
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            ModelConfig config = decoder.config();
            String mixers = decoder.mixerSpecs().toString();
            for (String unknown : NEWER) {
                mixers = mixers.replace(unknown, "");
            }
            print.add("%s %s %s %s".formatted(decoder.dtype(), config.normEpsilon(), config.rope(), mixers));
            print.add("", decoder.weights());
            for (int layer = 0; layer < decoder.layers(); layer++) {
                print.add("layers." + layer + ".", decoder.mixer(layer).parameters());
            }
            Lora.adapter(decoder, Optional.empty()).ifPresent(print::add);
        }
        return Hashes.hex(print.digest);
    }

    private void add(String text) {
        digest.update(text.getBytes(UTF_8));
        digest.update((byte) '\n');
    }

    private void add(String prefix, Map<String, Tensor> tensors) {
        tensors.forEach((name, tensor) -> {
            add(prefix + name + Arrays.toString(tensor.shape()));
            digest.update(probe(tensor));
        });
    }

    private void add(Adapter adapter) {
        add("adapter " + adapter.alpha());
        adapter.pairs().forEach((name, pair) -> {
            add(name + " " + pair.rank() + (adapter.hasUsualAlpha(pair) ? "" : " " + pair.scale()));
            digest.update(pair.a().toArray(ValueLayout.JAVA_BYTE));
            digest.update(pair.b().toArray(ValueLayout.JAVA_BYTE));
        });
    }

    private static ByteBuffer probe(Tensor tensor) {
        try (Scope work = Scope.open()) {
            long count = tensor.count();
            long[] places = new long[(int) Math.min(PROBES, count)];
            for (int i = 0; i < places.length; i++) {
                places[i] = i * (count / places.length);
            }
            Tensor index = Tensors.of(places, places.length).to(tensor.device());
            float[] values = tensor.detach()
                    .reshape(-1)
                    .indexSelect(0, index)
                    .to(DType.FLOAT32)
                    .floats();
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
            for (float value : values) {
                bytes.putFloat(value);
            }
            return bytes.flip();
        }
    }
}
