package dev.lizard.tensor;

import dev.lizard.base.LizardException;
import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The native libraries of the tensor engine. {@link Engine} loads them when it is first used; a program that will use it
 * may have them loaded before, on a thread that has nothing else to do.
 *
 * <p>JavaCPP's own garbage collection of native objects is switched off: {@link Scope} owns them, and its per-object
 * bookkeeping (a look at the process's memory each time) costs more than a small kernel.
 */
public final class EngineLibraries {
    private static boolean loaded;
    /** What kept them from being loaded: a second attempt would not tell the cause any more. */
    private static final AtomicReference<@Nullable LinkageError> FAULT = new AtomicReference<>();

    private EngineLibraries() {}

    /**
     * Loads them, or waits for the thread that does; from the second time on it does nothing.
     *
     * @throws LizardException ENVIRONMENT where they cannot be loaded, each time
     */
    public static synchronized void load() {
        if (!loaded && FAULT.get() == null) {
            prepare();
            try {
                torch.hasCUDA();
                loaded = true;
            } catch (LinkageError e) {
                FAULT.set(e);
            }
        }
        LinkageError fault = FAULT.get();
        if (fault != null) {
            throw new LizardException(
                    LizardException.Kind.ENVIRONMENT,
                    "native library of the tensor engine cannot be loaded: " + fault.getMessage()
                            + "; run `lizard doctor`",
                    fault);
        }
    }

    private static void prepare() {
        setIfAbsent("org.bytedeco.javacpp.nopointergc", "true");
        setIfAbsent("org.bytedeco.javacpp.maxBytes", "0");
        setIfAbsent("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        IdleThreads.spinBriefly();
        leaveOutCuda();
    }

    private static void setIfAbsent(String key, String value) {
        if (System.getProperty(key) == null) {
            System.setProperty(key, value);
        }
    }

    /**
     * Unless told otherwise, JavaCPP looks for each library of CUDA by several names in every jar, which takes as long
     * as to load those of the CPU. An extension that nothing has keeps it from that where the natives are the CPU's.
     */
    private static void leaveOutCuda() {
        boolean elsewhere = Boolean.getBoolean("org.bytedeco.javacpp.pathsFirst"); // natives that are not in jars
        String natives = Loader.getPlatform() + "-gpu/" + System.mapLibraryName("jnitorch");
        if (!elsewhere && org.bytedeco.pytorch.Tensor.class.getResource(natives) == null) {
            setIfAbsent("org.bytedeco.javacpp.platform.extension", "-cpu");
        }
    }
}
