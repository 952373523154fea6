package dev.lizard.serve;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A local server of a converted {@link ByteModel}, and somebody who asks it, for all tests of a class. */
final class RunningServer implements BeforeAllCallback, AfterAllCallback {
    private final Function<ByteModel, Served> served;
    private @Nullable ByteModel model;
    private @Nullable Server server;
    private @Nullable Client client;

    RunningServer(Function<ByteModel, Served> served) {
        this.served = served;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        ByteModel made = new ByteModel(true);
        Server started = Server.start(served.apply(made), ServerSettings.local(), logged -> {});
        model = made;
        server = started;
        client = new Client(started);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        client().close();
        some(server).close();
        some(model).close();
    }

    Client client() {
        return some(client);
    }

    private static <T> T some(@Nullable T there) {
        if (there == null) {
            throw new IllegalStateException("asked before the tests began");
        }
        return there;
    }
}
