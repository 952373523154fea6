package dev.lizard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * Opens a scope around each test and demands, after each test class, that no tensor is left alive. Register with
 * {@code @ExtendWith(LiveTensors.class)}; a class may keep owners in static fields if it closes them in @AfterAll.
 */
public final class LiveTensors implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback {
    private static final Namespace NAMESPACE = Namespace.create(LiveTensors.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getStore(NAMESPACE).put("before", Scope.liveTensors());
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE).put("scope", Scope.open());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Scope scope = context.getStore(NAMESPACE).remove("scope", Scope.class);
        if (scope != null) {
            scope.close();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Long before = context.getStore(NAMESPACE).get("before", Long.class);
        assertThat(Scope.liveTensors())
                .as("tensors left alive by %s", context.getDisplayName())
                .isEqualTo(before);
    }
}
