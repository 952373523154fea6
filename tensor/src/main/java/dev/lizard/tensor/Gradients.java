package dev.lizard.tensor;

import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Switches the recording of gradients on this thread: {@code try (Gradients off = Gradients.off()) { ... }}. */
public final class Gradients implements AutoCloseable {
    private static final BoolOptional DEFAULT = new BoolOptional();
    private static final TensorVector ALL_LEAVES = new TensorVector();

    private final boolean before;

    private Gradients(boolean enabled) {
        before = GradMode.is_enabled();
        GradMode.set_enabled(enabled);
    }

    public static Gradients off() {
        return new Gradients(false);
    }

    /** Switches recording on inside a part where it is off, as the layer-local steps of distillation do. */
    public static Gradients on() {
        return new Gradients(true);
    }

    public static boolean enabled() {
        return GradMode.is_enabled();
    }

    /** Back-propagates {@code gradients} from {@code roots}, which may share their graph, in one pass. */
    public static void inject(List<Tensor> roots, List<Tensor> gradients) {
        try (TensorVector from = Tensors.vector(roots);
                TensorVector with = Tensors.vector(gradients)) {
            torch.backward(from, with, DEFAULT, false, ALL_LEAVES);
        }
    }

    /** Whether no graph leads to {@code tensor}: gradients end there. */
    static boolean endIn(Tensor tensor) {
        return tensor.handle().is_leaf();
    }

    /** Adds to the gradient of a leaf, without a copy if it is the first. */
    public static void collect(Tensor leaf, Tensor gradient) {
        org.bytedeco.pytorch.Tensor collected = leaf.handle().mutable_grad();
        if (collected.defined()) {
            collected.add_(gradient.handle());
        } else {
            collected.put(gradient.to(leaf.dtype()).handle());
        }
    }

    @Override
    public void close() {
        GradMode.set_enabled(before);
    }
}
