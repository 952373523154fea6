package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Typed reads of a GGUF file's metadata. Keys that start with a dot belong to the architecture ({@code .block_count} is
 * {@code llama.block_count}).
 */
record GgufMetadata(Path file, String architecture, Map<String, Object> values) {
    static GgufMetadata of(Path file, Map<String, Object> values) {
        Object architecture = values.get("general.architecture");
        if (!(architecture instanceof String name)) {
            throw BadFile.in(
                    file,
                    "general.architecture",
                    "missing metadata",
                    "a text",
                    architecture == null ? "nothing" : architecture,
                    "check that the file is a language model");
        }
        return new GgufMetadata(file, name, values);
    }

    String fullKey(String key) {
        return key.startsWith(".") ? architecture + key : key;
    }

    boolean has(String key) {
        return values.containsKey(fullKey(key));
    }

    boolean isZero(String key) {
        return values.get(fullKey(key)) instanceof Number number && number.doubleValue() == 0;
    }

    /** A positive whole number that must be there. */
    long count(String key) {
        return optionalCount(key).orElseThrow(() -> wrong(key, "a positive whole number", "nothing"));
    }

    /** A positive whole number; lists of one repeated number count as that number. */
    OptionalLong optionalCount(String key) {
        Object value = values.get(fullKey(key));
        if (value == null) {
            return OptionalLong.empty();
        }
        if (value instanceof List<?> perLayer && perLayer.stream().distinct().count() == 1) {
            value = perLayer.getFirst();
        }
        if (!(value instanceof Long number) || number < 1 || number > Integer.MAX_VALUE) {
            throw wrong(key, "a positive whole number", value);
        }
        return OptionalLong.of(number);
    }

    /** A whole number from 0 on, such as a token's id. */
    OptionalLong optionalId(String key) {
        Object value = values.get(fullKey(key));
        if (value == null) {
            return OptionalLong.empty();
        }
        if (!(value instanceof Long number) || number < 0 || number > Integer.MAX_VALUE) {
            throw wrong(key, "a token id", value);
        }
        return OptionalLong.of(number);
    }

    /**
     * A positive finite number. GGUF stores float32: the shortest decimal that rounds to it is given, as 1e-5 was meant
     * where 9.99999974e-6 is stored.
     */
    OptionalDouble optionalNumber(String key) {
        Object value = values.get(fullKey(key));
        if (value == null) {
            return OptionalDouble.empty();
        }
        if (!(value instanceof Number number)
                || !(number.doubleValue() > 0)
                || number.doubleValue() > Float.MAX_VALUE) {
            throw wrong(key, "a positive number", value);
        }
        return OptionalDouble.of(Double.parseDouble(Float.toString(number.floatValue())));
    }

    Optional<String> optionalText(String key) {
        Object value = values.get(fullKey(key));
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof String text)) {
            throw wrong(key, "a text", value);
        }
        return Optional.of(text);
    }

    LizardException wrong(String key, String expected, Object found) {
        return BadFile.in(file, fullKey(key), "bad metadata", expected, found, "convert the checkpoint again");
    }
}
