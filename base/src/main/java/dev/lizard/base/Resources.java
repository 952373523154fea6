package dev.lizard.base;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Texts that lie beside classes. */
public final class Resources {
    private Resources() {}

    /**
     * A text in UTF-8.
     *
     * @param name relative to the package of {@code owner}, such as {@code recipes/lizard.yaml}
     * @throws IllegalArgumentException where there is none
     */
    public static String text(Class<?> owner, String name) {
        try (InputStream in = owner.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalArgumentException("no resource " + name + " beside " + owner.getName());
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
