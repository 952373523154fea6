package dev.lizard.tensor.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lizard.base.LizardException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A C library whose functions are looked up by name. Pointers and handles travel as {@code long}.
 *
 * @param name as it was found, for messages
 */
record NativeLibrary(String name, SymbolLookup symbols) {
    private static final Linker LINKER = Linker.nativeLinker();

    /** Loads by file, or by a name that the system's loader resolves; it stays loaded. Empty where there is none. */
    static Optional<NativeLibrary> load(String name) {
        try {
            boolean file = name.contains("/") || name.contains("\\");
            SymbolLookup lookup = file
                    ? SymbolLookup.libraryLookup(Path.of(name), Arena.global())
                    : SymbolLookup.libraryLookup(name, Arena.global());
            return Optional.of(new NativeLibrary(name, lookup));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // the loader's way to say that there is no such library
        }
    }

    boolean has(String symbol) {
        return symbols.find(symbol).isPresent();
    }

    /** The function {@code symbol} with a result. */
    MethodHandle function(String symbol, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(address(symbol), FunctionDescriptor.of(result, arguments));
    }

    /** The function {@code symbol} without a result. */
    MethodHandle procedure(String symbol, MemoryLayout... arguments) {
        return LINKER.downcallHandle(address(symbol), FunctionDescriptor.ofVoid(arguments));
    }

    MemorySegment address(String symbol) {
        return symbols.find(symbol)
                .orElseThrow(() -> LizardException.environment(
                        "%s has no function %s: it is too old or another library; run `lizard doctor`"
                                .formatted(name, symbol)));
    }

    /**
     * Calls {@code function}, which returns a status: the slow way, for what happens seldom.
     *
     * @param arguments ints, longs and segments
     */
    int call(String function, Object... arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            layouts[i] = switch (arguments[i]) {
                case Integer ignored -> JAVA_INT;
                case Long ignored -> JAVA_LONG;
                case MemorySegment ignored -> ADDRESS;
                default -> throw new IllegalArgumentException("argument " + i + " of " + function);
            };
        }
        try {
            return (int) function(function, JAVA_INT, layouts).invokeWithArguments(arguments);
        } catch (LizardException e) {
            throw e;
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /** What a call threw that cannot throw: a fault of the binding. */
    static IllegalStateException broken(Throwable cause) {
        return new IllegalStateException("a native call failed before it was made", cause);
    }
}
