package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.base.Interrupt;
import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a command works with beyond its own options; the tensor engine is loaded when first asked for. */
final class Context {
    private final Settings settings;
    private final Console console;
    private final ConfigLayers layers;
    private final Map<String, String> environment;
    private final List<String> arguments;
    private @Nullable Interrupt interrupt;
    private @Nullable Device device;

    Context(
            Settings settings,
            Console console,
            ConfigLayers layers,
            Map<String, String> environment,
            List<String> arguments) {
        this.settings = settings;
        this.console = console;
        this.layers = layers;
        this.environment = environment;
        this.arguments = List.copyOf(arguments);
    }

    Settings settings() {
        return settings;
    }

    Console console() {
        return console;
    }

    /** Flags, variables and file as one tree; a command takes its {@link Action#configKeys} out of it. */
    ConfigLayers layers() {
        return layers;
    }

    Map<String, String> environment() {
        return environment;
    }

    /** What was typed, for provenance. */
    List<String> arguments() {
        return arguments;
    }

    /**
     * The user's Ctrl-C, to be polled. From the first call on, one Ctrl-C only asks; a second ends the program at once.
     * A command that does not poll must not call this.
     */
    Interrupt interrupt() {
        return interrupt("stopping after this step to save the state; press Ctrl-C again to end at once");
    }

    /** As above; {@code note} says what happens on the first. */
    Interrupt interrupt(String note) {
        if (interrupt == null) {
            interrupt = new Interrupt();
            Signals.install(interrupt, console, note);
        }
        return interrupt;
    }

    /**
     * The device to work on, with the engine set up for it.
     *
     * @throws LizardException ENVIRONMENT where a device was demanded that is not usable
     */
    Device device() {
        if (device == null) {
            try (Activity _ = Activity.begin("loading the tensor engine")) {
                device = Device.parse(settings.device());
                Engine.threads(settings.threads());
            }
            String unusable = settings.device().equals("auto") && !device.isCuda() ? Cuda.whyUnusable() : null;
            if (unusable != null) {
                console.warn(unusable);
            }
        }
        return device;
    }

    /** Whether the engine must give the same bits for the same work, from now on; before the first of it. */
    void deterministic(boolean on) {
        device();
        Engine.deterministic(on);
    }

    /** Element type of weights and activations: {@code auto} is bfloat16 on CUDA, float32 on the CPU. */
    DType dtype() {
        return switch (settings.dtype()) {
            case "float32" -> DType.FLOAT32;
            case "bfloat16" -> DType.BFLOAT16;
            default -> device().isCuda() ? DType.BFLOAT16 : DType.FLOAT32;
        };
    }
}
