package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/**
 * A GGUF file under Hugging Face's names.
 *
 * <p>Rotary positions turn pairs of coordinates. Llama's GGUF stores the two rows of a pair next to each other, Hugging
 * Face half a head apart: row {@code h*d + 2*i + s} becomes row {@code h*d + s*d/2 + i} for head h, pair i, side s.
 * Blocks lie along rows, so that moving rows needs no dequantisation.
 */
final class GgufWeights implements WeightSource {
    private final GgufFile gguf;
    private final Map<String, View> views;

    private GgufWeights(GgufFile gguf, Map<String, View> views) {
        this.gguf = gguf;
        this.views = views;
    }

    /**
     * Names and, where the family needs it, row orders put right.
     *
     * @param config as {@link GgufConfig} made it
     * @throws LizardException INPUT for a tensor that the family does not have
     */
    static GgufWeights of(GgufFile gguf, ObjectNode config) {
        boolean interleaved = GgufConfig.familyOf(gguf).interleaved();
        int heads = config.path("num_attention_heads").intValue();
        int keyHeads = config.path("num_key_value_heads").intValue();
        Map<String, View> views = new LinkedHashMap<>();
        for (String name : gguf.names()) {
            if (GgufNames.isDerived(name)) {
                continue;
            }
            String hfName = GgufNames.toHuggingFace(name)
                    .orElseThrow(() -> BadFile.in(
                            gguf.path(),
                            name,
                            "unsupported tensor",
                            "a tensor of a dense Llama-like model",
                            gguf.info(name).shape(),
                            "use a model of " + GgufFamily.supported()));
            boolean query = hfName.contains(".self_attn.q_proj.");
            boolean key = hfName.contains(".self_attn.k_proj.");
            int moved = !interleaved ? 0 : query ? heads : key ? keyHeads : 0;
            views.put(hfName, view(gguf, name, hfName, moved));
        }
        return new GgufWeights(gguf, views);
    }

    private static View view(GgufFile gguf, String name, String hfName, int heads) {
        TensorInfo info = gguf.info(name);
        long rows = info.shape().isEmpty() ? 1 : info.shape().getFirst();
        boolean movable = heads == 0
                || (rows % (2L * heads) == 0
                        && (!info.type().isBlocked() || info.shape().size() > 1));
        if (!movable) {
            throw BadFile.in(
                    gguf.path(),
                    name,
                    "bad shape",
                    "rows of %d heads of even width".formatted(heads),
                    info.shape(),
                    BadFile.AGAIN);
        }
        return new View(name, info.renamed(hfName), heads);
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(views.keySet());
    }

    @Override
    public TensorInfo info(String name) {
        return find(name).info();
    }

    /** For q and k of the Llama architecture a copy with the rows moved, otherwise the mapped bytes. */
    @Override
    public MemorySegment raw(String name) {
        View view = find(name);
        MemorySegment stored = gguf.raw(view.storedName());
        return view.heads() == 0 ? stored : halfSplit(stored, view, Arena.ofAuto());
    }

    @Override
    public void read(String name, Consumer<MemorySegment> reader) {
        View view = find(name);
        gguf.read(view.storedName(), stored -> {
            if (view.heads() == 0) {
                reader.accept(stored);
                return;
            }
            try (Arena arena = Arena.ofShared()) { // dequantised by several threads
                reader.accept(halfSplit(stored, view, arena));
            }
        });
    }

    @Override
    public Path file(String name) {
        return gguf.file(find(name).storedName());
    }

    @Override
    public String storedName(String name) {
        return find(name).storedName();
    }

    @Override
    public void close() {
        gguf.close();
    }

    private static MemorySegment halfSplit(MemorySegment stored, View view, Arena arena) {
        List<Long> shape = view.info().shape();
        long rows = shape.getFirst();
        if (stored.byteSize() == 0) {
            return stored;
        }
        long rowBytes = stored.byteSize() / rows;
        long width = rows / view.heads();
        MemorySegment moved = arena.allocate(stored.byteSize());
        for (long row = 0; row < rows; row++) {
            long inHead = row % width;
            long side = inHead / (width / 2);
            long pair = inHead % (width / 2);
            long from = row - inHead + 2 * pair + side;
            MemorySegment.copy(stored, from * rowBytes, moved, row * rowBytes, rowBytes);
        }
        return moved.asReadOnly();
    }

    private View find(String name) {
        View view = views.get(name);
        if (view == null) {
            throw TensorTable.noTensor(gguf.path(), name, views.keySet());
        }
        return view;
    }

    /**
     * One tensor under its new name.
     *
     * @param heads how many heads' rows are interleaved; 0 where rows stay
     */
    private record View(String storedName, TensorInfo info, int heads) {}
}
