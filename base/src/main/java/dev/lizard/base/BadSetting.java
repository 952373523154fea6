package dev.lizard.base;

/**
 * What a configuration record's constructor throws for one of its components: {@link ConfigTree#bind} puts the place of
 * that key before the message.
 */
public final class BadSetting extends IllegalArgumentException {
    private final String key;

    /**
     * Says what is wrong with a key.
     *
     * @param key as it stands in a file, relative to the record; dots reach deeper
     * @param message what was expected, what was found, and what to do
     */
    public BadSetting(String key, String message) {
        super(message);
        this.key = key;
    }

    String key() {
        return key;
    }
}
