package dev.lizard.base;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The two mappers of the program (JSON and YAML) and reading with errors that name file and line. */
public final class Json {
    /** Writes records with snake_case keys; duplicate keys in what is read are errors. */
    public static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    /** As {@link #MAPPER}, for YAML. */
    public static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    /** Reads NaN and Infinity as Python writes them, so that whoever needs the number can name its key. */
    private static final ObjectReader TOLERANT =
            MAPPER.readerFor(JsonNode.class).with(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS);

    private static final Pattern INSIDES = Pattern.compile(" *\\((start marker|for \\w+ starting) at \\[.*?]\\)"
            + "|: enable `[^`]*` to allow|, from `[^`]*`|:? for `[^`]*`(: [A-Z_]+ enabled)?"
            + "| *\\(class [^)]*\\), not marked as ignorable.*| \\(`[^`]*`\\)| \\(bound as .*"
            + "| *\\(not recognized as one since Feature '[^']*' not enabled for parser\\)");

    private Json() {}

    /** One object on one line, without its line end: the form of every {@code --json} output and log. */
    public static String line(Object value) {
        return MAPPER.writeValueAsString(value);
    }

    /** As {@link #line}, for what is too large to be held as a text; {@code out} stays open. */
    public static void write(Object value, Writer out) {
        MAPPER.writer().without(StreamWriteFeature.AUTO_CLOSE_TARGET).writeValue(out, value);
    }

    /** Indented JSON, for files that people read. */
    public static String pretty(Object value) {
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    }

    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** What a node is, in words that messages use. */
    public static String kindOf(JsonNode node) {
        return switch (node.getNodeType()) {
            case ARRAY -> "an array";
            case BINARY, STRING -> "a text";
            case BOOLEAN -> "a boolean";
            case MISSING -> "nothing";
            case NULL -> "null";
            case NUMBER -> "a number";
            case OBJECT, POJO -> "an object";
        };
    }

    /**
     * Reads a file as a tree: YAML where its name ends in {@code .yaml} or {@code .yml}, JSON otherwise.
     *
     * @throws LizardException of the given kind where the file is missing, unreadable or malformed
     */
    public static JsonNode read(Path file, LizardException.Kind kind) {
        return parse(text(file, kind), file.toString(), kind);
    }

    /** As {@link #read}, from text; {@code where} names it and its ending decides between YAML and JSON. */
    public static JsonNode parse(String text, String where, LizardException.Kind kind) {
        boolean yaml = where.endsWith(".yaml") || where.endsWith(".yml");
        return parse(text, where, kind, yaml);
    }

    static JsonNode parse(String text, String where, LizardException.Kind kind, boolean yaml) {
        try {
            return yaml ? YamlText.read(text, where, kind) : TOLERANT.readTree(text);
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            String place = at == null ? where : where + " line " + at.getLineNr() + " column " + at.getColumnNr();
            throw LizardException.at(
                    kind,
                    "malformed text",
                    place,
                    yaml ? "YAML" : "JSON",
                    problem(e),
                    "correct the file at that place",
                    e);
        }
    }

    /** What is wrong with a text, in the parser's words without those about its own switches and classes. */
    public static String problem(JacksonException e) {
        String message = e.getOriginalMessage();
        if (message.startsWith("Trailing token")) {
            return "a second document after the first";
        }
        boolean context = message.startsWith("while "); // "while scanning ...", then what was found
        String line = message.lines()
                .skip(context ? 1 : 0)
                .findFirst()
                .orElse("unreadable")
                .replaceFirst("^found ", "");
        return INSIDES.matcher(line).replaceAll("").strip();
    }

    static String text(Path file, LizardException.Kind kind) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new LizardException(kind, "no such file: " + file + "; check the path", e);
        } catch (MalformedInputException e) {
            throw LizardException.at(kind, "unreadable text", file, "UTF-8", "other bytes", "convert the file", e);
        } catch (IOException e) {
            String cause = Files.isDirectory(file) ? "it is a folder" : String.valueOf(e.getMessage());
            throw new LizardException(kind, "cannot read " + file + ": " + cause + "; check the path", e);
        }
    }
}
