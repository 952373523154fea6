package dev.lizard.langchain4j;

import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A model of this project as langchain4j's chat model, whole and streaming, in this process: no server, no network.
 *
 * <p>Any number of threads may ask at once. Answers are written one after the other, in the order in which they were
 * asked for, on one thread of the model's own, which calls the handlers of streams too; a handler may ask for another
 * answer, whole or streamed. The states after the last prompts are kept, so that the next turn of a conversation reads
 * only what is new in it. Tools, response formats and all content but text are refused with {@code
 * UnsupportedFeatureException}, values out of range with {@code InvalidRequestException}.
 */
public final class LizardChatModel implements ChatModel, StreamingChatModel, AutoCloseable {
    private final Answers answers;
    private final ChatRequestParameters defaults;
    private final List<ChatModelListener> listeners;
    private final ExecutorService worker = Executors.newSingleThreadExecutor(this::thread);
    private volatile @Nullable Thread thread;
    private volatile boolean closed;

    LizardChatModel(Answers answers, ChatRequestParameters defaults, List<ChatModelListener> listeners) {
        this.answers = answers;
        this.defaults = defaults;
        this.listeners = List.copyOf(listeners);
    }

    private Thread thread(Runnable work) {
        Thread made = Thread.ofPlatform().daemon().name("lizard-chat").unstarted(work);
        thread = made;
        return made;
    }

    /** Of a folder or a .gguf file; all else has a usual value. */
    public static LizardChatModelBuilder builder() {
        return new LizardChatModelBuilder();
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        Asked asked = answers.understood(request);
        if (isOwnThread()) { // asked by a handler: waiting for our own thread would never end
            return whole(asked, () -> closed);
        }
        Cancellation cancellation = new Cancellation();
        Future<ChatResponse> answer = submit(() -> whole(asked, () -> closed || cancellation.isCancelled()));
        try {
            return answer.get();
        } catch (InterruptedException e) {
            cancellation.cancel();
            Thread.currentThread().interrupt();
            throw new LangChain4jException("interrupted before the answer was complete", e);
        } catch (ExecutionException e) {
            throw Failures.of(e.getCause() == null ? e : e.getCause());
        }
    }

    private ChatResponse whole(Asked asked, BooleanSupplier stop) {
        return answers.write(asked, piece -> {}, stop).orElseThrow(LizardChatModel::isClosed);
    }

    /** Begins an answer and returns; {@code handler} hears of it on the model's thread, and may cancel it there. */
    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        Asked asked = answers.understood(request);
        Streaming streaming = new Streaming(handler);
        execute(() -> {
            try {
                answers.write(asked, streaming::piece, () -> closed || streaming.isCancelled())
                        .ifPresentOrElse(streaming::complete, () -> {
                            if (!streaming.isCancelled()) {
                                streaming.failed(isClosed());
                            }
                        });
            } catch (RuntimeException e) {
                streaming.failed(Failures.of(e));
            }
        });
    }

    private <T> Future<T> submit(Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        execute(task);
        return task;
    }

    private void execute(Runnable work) {
        if (closed) {
            throw isClosed();
        }
        try {
            worker.execute(work);
        } catch (RejectedExecutionException e) {
            throw isClosed();
        }
    }

    private boolean isOwnThread() {
        return Thread.currentThread().equals(thread);
    }

    private static IllegalStateException isClosed() {
        return new IllegalStateException("the model is closed");
    }

    /** Tokens of prompts that had to be read so far, by those who were answered before. */
    long read() {
        return answers.read();
    }

    /** What a request has where it says nothing else. */
    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return defaults;
    }

    @Override
    public List<ChatModelListener> listeners() {
        return listeners;
    }

    @Override
    public ModelProvider provider() {
        return ModelProvider.OTHER;
    }

    @Override
    public Set<Capability> supportedCapabilities() {
        return Set.of();
    }

    /**
     * Ends what is being written or waits, which those who asked are told, and frees the model; returns when that is
     * done. In a handler it only begins that.
     */
    @Override
    public void close() {
        synchronized (worker) { // not held while it waits, so that a handler can close too
            if (!closed) {
                closed = true;
                worker.execute(answers::close);
                worker.shutdown();
            }
        }
        boolean interrupted = false;
        boolean done = isOwnThread();
        while (!done) {
            try {
                done = worker.awaitTermination(1, TimeUnit.DAYS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
