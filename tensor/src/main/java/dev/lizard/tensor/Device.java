package dev.lizard.tensor;

import dev.lizard.base.LizardException;
import java.util.Locale;
import org.bytedeco.pytorch.global.torch.DeviceType;

/** Where a tensor lives. A value, so that the same program runs on either kind. */
public record Device(Kind kind, int index) {
    /** The two kinds of device the engine drives. */
    public enum Kind {
        CPU,
        CUDA
    }

    public static final Device CPU = new Device(Kind.CPU, 0);

    public static Device cuda(int index) {
        return new Device(Kind.CUDA, index);
    }

    /**
     * Reads {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}.
     *
     * @throws LizardException USAGE for another text, ENVIRONMENT where CUDA is demanded and not usable
     */
    public static Device parse(String text) {
        String name = text.toLowerCase(Locale.ROOT);
        if (name.equals("cpu")) {
            return CPU;
        }
        if (name.equals("auto")) {
            return Engine.cudaDevices() > 0 ? cuda(0) : CPU;
        }
        if (name.matches("cuda(:\\d{1,3})?")) {
            int index = name.length() > 4 ? Integer.parseInt(name.substring(5)) : 0;
            int found = Engine.cudaDevices();
            if (index >= found) {
                throw LizardException.environment(
                        "no device '%s' for --device: this machine offers %s; use --device cpu, or run `lizard doctor`"
                                .formatted(text, found == 0 ? "no usable CUDA" : found + " CUDA device(s)"));
            }
            return cuda(index);
        }
        throw LizardException.usage("unknown device '" + text + "' for --device: expected auto, cpu, cuda or cuda:N");
    }

    public boolean isCuda() {
        return kind == Kind.CUDA;
    }

    @Override
    public String toString() {
        return isCuda() ? "cuda:" + index : "cpu";
    }

    org.bytedeco.pytorch.Device handle() {
        return Engine.handle(this);
    }

    org.bytedeco.pytorch.Device newHandle() {
        return isCuda()
                ? new org.bytedeco.pytorch.Device(DeviceType.CUDA, (byte) index)
                : new org.bytedeco.pytorch.Device(DeviceType.CPU);
    }
}
