package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The factors in an adapter's weights: {@code <module>.lora_A.weight} and {@code .lora_B.weight}, with or without
 * peft's prefix, with or without an adapter's name before {@code weight}. Every tensor must be one of them.
 */
final class AdapterTensors {
    static final String PREFIX = "base_model.model.";
    static final String A = ".lora_A.weight";
    static final String B = ".lora_B.weight";

    private static final Pattern FACTOR =
            Pattern.compile("(?:base_model\\.model\\.)?(?<module>[^:]+)\\.lora_(?<side>[AB])(?:\\.[^.]+)?\\.weight");
    private static final Pattern LAYER = Pattern.compile("(?:^|.*?\\.)(?=layers\\.\\d+\\.)");

    private final SafetensorsFile file;
    private final AdapterConfig config;
    private final Map<String, String> a = new LinkedHashMap<>();
    private final Map<String, String> b = new LinkedHashMap<>();
    private final String prefix;

    /** @throws LizardException INPUT for a tensor that is no factor, or of a module that the config does not name */
    AdapterTensors(SafetensorsFile file, AdapterConfig config) {
        this.file = file;
        this.config = config;
        for (String name : file.names()) {
            Matcher matcher = FACTOR.matcher(name);
            if (!matcher.matches()) {
                throw BadFile.in(
                        file.path(),
                        name,
                        "unsupported adapter tensor",
                        "<module>" + A + " or " + B,
                        file.info(name).shape(),
                        "use a plain LoRA adapter of linear layers, or merge it with peft first");
            }
            String module = matcher.group("module");
            Map<String, String> side = matcher.group("side").equals("A") ? a : b;
            String before = side.put(module, name);
            if (before != null) {
                throw BadFile.in(
                        file.path(),
                        name,
                        "module twice",
                        "one adapter",
                        "also " + before,
                        "keep one adapter's tensors");
            }
        }
        if (a.isEmpty() && b.isEmpty()) {
            throw BadFile.in(file.path(), "bad adapter", "LoRA factors", "no tensors", BadFile.AGAIN);
        }
        prefix = findPrefix();
    }

    /** Paths of modules as they are written here. */
    Set<String> modules() {
        Set<String> modules = new LinkedHashSet<>(a.keySet());
        modules.addAll(b.keySet());
        return modules;
    }

    /** The path that a module of the usual name has here. */
    String prefixed(String usual) {
        return usual.startsWith(ModulePrefix.MODEL) ? prefix + usual.substring(ModulePrefix.MODEL.length()) : usual;
    }

    /** What stands before {@code layers.N} here: {@code model.} as a rule. */
    private String findPrefix() {
        for (String module : modules()) {
            Matcher layer = LAYER.matcher(module);
            if (layer.lookingAt()) {
                return layer.group();
            }
        }
        return ModulePrefix.MODEL;
    }

    /** All factors by the module's usual path, {@code model.layers.N...}, as float32. */
    Map<String, LoraPair> pairs() {
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        for (String module : modules()) {
            checkTarget(module);
            String usual = module.startsWith(prefix) ? ModulePrefix.MODEL + module.substring(prefix.length()) : module;
            pairs.put(usual, pair(module));
        }
        return pairs;
    }

    private void checkTarget(String module) {
        if (config.targets().include(module)) {
            return;
        }
        List<String> targets = config.targets().names();
        String last = module.substring(module.lastIndexOf('.') + 1);
        throw BadFile.in(
                file.path(),
                a.getOrDefault(module, b.getOrDefault(module, module)),
                "module that the adapter does not target",
                "one of target_modules " + BadFile.brief(String.join(", ", targets)),
                module,
                targets.contains(last)
                        ? "check exclude_modules and layers_to_transform in " + AdapterFiles.CONFIG
                        : Nearest.hintOr(
                                last, targets, "check that " + AdapterFiles.CONFIG + " belongs to these weights"));
    }

    private LoraPair pair(String module) {
        int rank = config.rank(module);
        TensorInfo first = factor(a, module, A);
        TensorInfo second = factor(b, module, B);
        if (first.shape().size() != 2 || first.shape().getFirst() != rank) {
            throw wrong(first, "bad adapter shape", "[%d, in]".formatted(rank), first.shape());
        }
        if (second.shape().size() != 2 || second.shape().getLast() != rank) {
            throw wrong(second, "bad adapter shape", "[out, %d]".formatted(rank), second.shape());
        }
        return new LoraPair(
                rank,
                axis(first, first.shape().getLast()),
                axis(second, second.shape().getFirst()),
                config.scale(module),
                values(first),
                values(second));
    }

    private TensorInfo factor(Map<String, String> side, String module, String ending) {
        String name = side.get(module);
        if (name == null) {
            throw TensorTable.noTensor(file.path(), PREFIX + module + ending, file.names());
        }
        TensorInfo info = file.info(name);
        if (!info.type().isWeight()) {
            throw wrong(info, "unsupported dtype", "F32, BF16, F16 or F64", info.type());
        }
        return info;
    }

    private int axis(TensorInfo info, long length) {
        if (length < 1 || length > Integer.MAX_VALUE) {
            throw wrong(info, "bad adapter shape", "axes of a projection", info.shape());
        }
        return (int) length;
    }

    /** Off the heap: a large adapter is no smaller than a small model. */
    private MemorySegment values(TensorInfo info) {
        MemorySegment values = Arena.ofAuto().allocate(info.elements() * Float.BYTES, Float.BYTES);
        file.readFloat32(info.name(), values);
        return values;
    }

    private LizardException wrong(TensorInfo info, String what, String expected, Object found) {
        return BadFile.in(
                file.path(),
                info.name(),
                what,
                expected,
                found,
                "check that " + AdapterFiles.CONFIG + " belongs to these weights");
    }

    static List<StoredTensor> stored(String module, LoraPair pair) {
        return List.of(
                stored(PREFIX + module + A, pair.a(), pair.rank(), pair.in()),
                stored(PREFIX + module + B, pair.b(), pair.out(), pair.rank()));
    }

    private static StoredTensor stored(String name, MemorySegment values, long rows, long columns) {
        return new StoredTensor(new TensorInfo(name, StoredType.F32, List.of(rows, columns)), () -> values);
    }
}
