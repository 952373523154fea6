package dev.lizard.text;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How a data file is written, told by its name alone.
 *
 * @param content what is in it
 * @param packing how that is compressed
 */
record DataFormat(Content content, Packing packing) {
    /** What a file holds. */
    enum Content {
        TEXT(".txt", ".md"),
        /** A record a line. */
        JSON_LINES(".jsonl", ".ndjson"),
        /** A list of records, or one after another, over any number of lines. */
        JSON(".json"),
        /** A record a row; compressed inside, if at all. */
        PARQUET(".parquet");

        @SuppressWarnings("ImmutableEnumChecker") // of List.of
        private final List<String> endings;

        Content(String... endings) {
            this.endings = List.of(endings);
        }
    }

    /** How a file is compressed. */
    enum Packing {
        NONE(""),
        GZIP(".gz"),
        ZSTD(".zst");

        private final String ending;

        Packing(String ending) {
            this.ending = ending;
        }
    }

    /** For messages. */
    static final String NAMES = ".txt, .md, .jsonl, .ndjson, .json (plain, .gz or .zst) or .parquet";

    private static final List<String> TABLES = List.of(".csv", ".tsv", ".arrow", ".feather", ".xlsx", ".orc", ".avro");
    private static final List<String> ARCHIVES = List.of(".zip", ".tar", ".tgz", ".tar.gz", ".bz2", ".xz", ".7z");

    /** The format of a file of this name, if it is one of ours. */
    static Optional<DataFormat> of(Path file) {
        String name = lowerName(file);
        for (Packing packing : Packing.values()) {
            for (Content content : Content.values()) {
                for (String ending : content.endings) {
                    boolean possible = content != Content.PARQUET || packing == Packing.NONE;
                    if (possible && name.endsWith(ending + packing.ending)) {
                        return Optional.of(new DataFormat(content, packing));
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** What to do with a file of another format. */
    static String advice(Path file) {
        String name = lowerName(file);
        if (TABLES.stream().anyMatch(name::endsWith)) {
            return "convert the table to .jsonl or .parquet";
        }
        if (ARCHIVES.stream().anyMatch(name::endsWith)) {
            return "unpack the archive, or compress the file as .gz or .zst";
        }
        return "convert or rename the file";
    }

    static String lowerName(Path file) {
        Path name = file.getFileName();
        return name == null ? "" : name.toString().toLowerCase(Locale.ROOT);
    }
}
