package dev.lizard.base;

/**
 * Where a configured value came from.
 *
 * @param layer which layer of the precedence
 * @param where the flag, variable or file itself, for messages
 */
public record Origin(Layer layer, String where) {
    /** The layers of configuration, the strongest first. */
    public enum Layer {
        FLAG("flag"),
        ENVIRONMENT("environment"),
        CONFIG_FILE("config file"),
        RECIPE("recipe"),
        RESULTS("results"),
        BUILT_IN("built-in");

        private final String label;

        Layer(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /** The program's own defaults. */
    public static final Origin BUILT_IN = new Origin(Layer.BUILT_IN, "");

    /** {@code config file my.yaml}, {@code flag --seed}, {@code built-in}. */
    @Override
    public String toString() {
        return where.isEmpty() ? layer.label() : layer.label() + " " + where;
    }

    /**
     * The place that an error names: {@code my.yaml/train.lr}, {@code results.json/training/1/loss}, or the flag or
     * variable alone.
     */
    public String place(String key) {
        return switch (layer) {
            case FLAG, ENVIRONMENT -> where;
            case CONFIG_FILE, RECIPE -> key.isEmpty() ? where : where + "/" + key;
            case RESULTS -> key.isEmpty() ? where : where + "/" + key.replace('.', '/');
            case BUILT_IN -> key.isEmpty() ? "built-in defaults" : "built-in " + key;
        };
    }
}
