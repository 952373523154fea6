package dev.lizard.tensor.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lizard.base.LizardException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** NVIDIA's run-time compiler for CUDA C++; {@link NvrtcSearch} says where it is looked for. */
final class Nvrtc {
    private static @Nullable Nvrtc instance;

    private final NativeLibrary library;

    private Nvrtc(NativeLibrary library) {
        this.library = library;
    }

    /**
     * The compiler, loaded at the first call.
     *
     * @throws LizardException ENVIRONMENT where it is not found
     */
    static synchronized Nvrtc get() {
        if (instance == null) {
            instance = new Nvrtc(NvrtcSearch.find());
        }
        return instance;
    }

    /** Where it was found. */
    String path() {
        return library.name();
    }

    /** Such as 13.0. */
    String version() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment major = arena.allocate(JAVA_INT);
            MemorySegment minor = arena.allocate(JAVA_INT);
            require(library.call("nvrtcVersion", major, minor), "nvrtcVersion");
            return major.get(JAVA_INT, 0) + "." + minor.get(JAVA_INT, 0);
        }
    }

    /** Architectures it makes code for, such as 90, ascending. */
    List<Integer> architectures() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_INT);
            require(library.call("nvrtcGetNumSupportedArchs", count), "nvrtcGetNumSupportedArchs");
            MemorySegment values = arena.allocate(JAVA_INT, count.get(JAVA_INT, 0));
            require(library.call("nvrtcGetSupportedArchs", values), "nvrtcGetSupportedArchs");
            return IntStream.of(values.toArray(JAVA_INT)).sorted().boxed().toList();
        }
    }

    /**
     * Compiles.
     *
     * @param capability of the device, 10 major + minor: machine code for just that device, or PTX for the nearest
     *     older architecture where this compiler does not know it
     * @throws LizardException ENVIRONMENT with the compiler's first complaint; its whole log is the cause
     */
    byte[] compile(KernelSource source, int capability) {
        Target target = target(capability);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            List<String> names = new ArrayList<>(source.headers().keySet());
            List<String> texts =
                    names.stream().map(n -> text(source.headers(), n)).toList();
            require(
                    library.call(
                            "nvrtcCreateProgram",
                            out,
                            arena.allocateFrom(source.text()),
                            arena.allocateFrom(source.name()),
                            names.size(),
                            strings(arena, texts),
                            strings(arena, names)),
                    "nvrtcCreateProgram");
            long program = out.get(JAVA_LONG, 0);
            try {
                List<String> options = new ArrayList<>(source.options());
                options.add("--gpu-architecture=" + target.option);
                options.add("--std=c++17");
                options.add("--device-as-default-execution-space"); // so that constexpr functions need no mark
                int code = library.call("nvrtcCompileProgram", program, options.size(), strings(arena, options));
                if (code != 0) {
                    throw refused(source, log(program));
                }
                return bytes(program, target.machineCode ? "nvrtcGetCUBIN" : "nvrtcGetPTX");
            } finally {
                library.call("nvrtcDestroyProgram", out);
            }
        }
    }

    private record Target(String option, boolean machineCode) {}

    private Target target(int capability) {
        int nearest = Card.target(capability, architectures());
        if (nearest == capability) {
            return new Target("sm_" + capability + (capability >= 90 ? "a" : ""), true);
        }
        if (nearest == 0) {
            throw LizardException.environment(
                    "NVRTC %s at %s makes no code for compute capability %d: install an older one, or pass --device cpu"
                            .formatted(version(), path(), capability));
        }
        return new Target("compute_" + nearest, false);
    }

    private static String text(Map<String, String> headers, String name) {
        String text = headers.get(name);
        return text == null ? "" : text;
    }

    private static LizardException refused(KernelSource source, String log) {
        String first = log.lines().filter(l -> l.contains("error")).findFirst().orElse("no message");
        return new LizardException(
                LizardException.Kind.ENVIRONMENT,
                "NVRTC cannot compile %s: %s; run `lizard doctor`".formatted(source.name(), first),
                new IllegalStateException(log));
    }

    private String log(long program) {
        byte[] text = bytes(program, "nvrtcGetProgramLog");
        return new String(text, 0, Math.max(0, text.length - 1), StandardCharsets.UTF_8);
    }

    private byte[] bytes(long program, String getter) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_LONG);
            require(library.call(getter + "Size", program, size), getter);
            MemorySegment data = arena.allocate(size.get(JAVA_LONG, 0));
            require(library.call(getter, program, data), getter);
            return data.toArray(JAVA_BYTE);
        }
    }

    private static MemorySegment strings(Arena arena, List<String> texts) {
        MemorySegment array = arena.allocate(ADDRESS, Math.max(1, texts.size()));
        for (int i = 0; i < texts.size(); i++) {
            array.setAtIndex(ADDRESS, i, arena.allocateFrom(texts.get(i)));
        }
        return array;
    }

    private void require(int code, String function) {
        if (code != 0) {
            throw LizardException.environment(
                    "NVRTC at %s: %s failed with code %d; run `lizard doctor`".formatted(path(), function, code));
        }
    }
}
