package dev.lizard.tensor.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.Engine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.PointerConsumer;

/**
 * A C++ function {@code void f(void*)}, a member function without arguments among them, that may throw. An exception
 * that crosses a call of {@code java.lang.foreign} ends the process without a word. So the call is made by the engine's
 * binding, which holds a function pointer like any other of its callbacks and catches what comes out of it.
 */
final class CppProcedure {
    /** A place in native memory that others own. */
    private static final class Address extends Pointer {
        Address(MemorySegment segment) {
            address = segment.address();
        }
    }

    /** The binding's callback: a function pointer, then the Java object it would belong to. */
    private static final long CALLBACK_BYTES = 16;

    private final String name;
    private final PointerConsumer callback;

    private CppProcedure(String name, PointerConsumer callback) {
        this.name = name;
        this.callback = callback;
    }

    /** @param name what messages call it */
    static CppProcedure of(NativeLibrary library, String symbol, String name) {
        Engine.hasCuda(); // the engine's libraries are loaded its way
        MemorySegment memory = Arena.global().allocate(CALLBACK_BYTES, Long.BYTES);
        memory.set(JAVA_LONG, 0, library.address(symbol).address());
        return new CppProcedure(name, new PointerConsumer(new Address(memory)));
    }

    /**
     * Calls it.
     *
     * @throws LizardException ENVIRONMENT with the first line of the C++ exception
     */
    void call(MemorySegment argument) {
        try (Address place = new Address(argument)) {
            callback.call(place);
        } catch (RuntimeException e) {
            String what = String.valueOf(e.getMessage()).lines().findFirst().orElse("an unknown exception");
            throw new LizardException(
                    LizardException.Kind.ENVIRONMENT,
                    "%s failed: %s; free memory on the device, or set JAVA_OPTS=-Dlizard.nographs=true"
                            .formatted(name, what),
                    e);
        }
    }
}
