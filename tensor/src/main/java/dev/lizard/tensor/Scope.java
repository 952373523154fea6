package dev.lizard.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Owns native memory. Every tensor belongs to exactly one scope and dies with it.
 *
 * <p>Scopes opened with {@link #open} form a stack on their thread; results of operations belong to the innermost one.
 * A scope opened in a loop closes in that loop. What must outlive it is handed out with {@link #promote}. Long-lived
 * owners (a model's weights, a session's state) hold a scope of their own, made by {@link #owner}, which is not on any
 * stack, and {@link #adopt} tensors into it.
 */
public final class Scope implements AutoCloseable {
    private static final ThreadLocal<@Nullable Scope> CURRENT = new ThreadLocal<>();
    private static final AtomicLong LIVE = new AtomicLong();

    private final @Nullable Scope parent;
    private final boolean stacked;
    private final List<Tensor> tensors = new ArrayList<>();
    private boolean closed;

    private Scope(@Nullable Scope parent, boolean stacked) {
        this.parent = parent;
        this.stacked = stacked;
    }

    /** Opens a scope on this thread's stack; close it on the same thread, innermost first. */
    public static Scope open() {
        Scope scope = new Scope(CURRENT.get(), true);
        CURRENT.set(scope);
        return scope;
    }

    /** A scope outside the stack, for an object that owns tensors and closes them when it is closed. */
    public static Scope owner() {
        return new Scope(null, false);
    }

    /** Number of tensors not yet closed, over all threads. Views count as tensors. */
    public static long liveTensors() {
        return LIVE.get();
    }

    /** Number of tensors this scope owns now. */
    public int size() {
        return tensors.size();
    }

    /** Moves {@code tensor} to the enclosing scope and returns it. */
    public Tensor promote(Tensor tensor) {
        if (parent == null) {
            throw new IllegalStateException("no enclosing scope to promote a tensor to");
        }
        return parent.adopt(tensor);
    }

    /** Moves {@code tensor} from wherever it lives into this scope and returns it. */
    public Tensor adopt(Tensor tensor) {
        requireOpen();
        tensor.owner().forget(tensor);
        add(tensor);
        return tensor;
    }

    static Scope current() {
        Scope scope = CURRENT.get();
        if (scope == null) {
            throw new IllegalStateException(
                    "no open Scope on this thread: wrap the work in try (Scope s = Scope.open())");
        }
        return scope;
    }

    void register(Tensor tensor) {
        requireOpen();
        add(tensor);
        LIVE.incrementAndGet();
    }

    void release(Tensor tensor) {
        forget(tensor);
        LIVE.decrementAndGet();
    }

    /** Constant time: the last tensor takes the slot of the one that leaves. */
    private void forget(Tensor tensor) {
        Tensor last = tensors.removeLast();
        if (last != tensor) {
            tensors.set(tensor.slot(), last);
            last.place(this, tensor.slot());
        }
    }

    private void add(Tensor tensor) {
        tensor.place(this, tensors.size());
        tensors.add(tensor);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("scope is closed");
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (stacked) {
            if (CURRENT.get() != this) {
                throw new IllegalStateException("scopes close innermost first, on the thread that opened them");
            }
            CURRENT.set(parent);
        }
        closed = true;
        for (int i = tensors.size() - 1; i >= 0; i--) {
            tensors.get(i).free();
        }
        LIVE.addAndGet(-tensors.size());
        tensors.clear();
    }
}
