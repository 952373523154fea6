package dev.lizard.base;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLParser;

/** YAML that people write by hand: what would silently be read as something else is refused. */
final class YamlText {
    private YamlText() {}

    /**
     * The tree of a text.
     *
     * @param where file or flag, for messages
     * @throws LizardException for an alias (it would become the text of its name) and a number that no double holds
     * @throws tools.jackson.core.JacksonException where the text is no YAML
     */
    static JsonNode read(String text, String where, LizardException.Kind kind) {
        try (JsonParser parser = Json.YAML.createParser(new WholeCharacters(text))) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
                    throw refused(parser, where, kind, "a value", "the alias *", "write the value out");
                }
                if (token == JsonToken.VALUE_NUMBER_FLOAT && Double.isInfinite(parser.getDoubleValue())) {
                    throw refused(parser, where, kind, "a finite number", "", "choose another");
                }
            }
        }
        return Json.YAML.readTree(new WholeCharacters(text));
    }

    private static LizardException refused(
            JsonParser parser, String where, LizardException.Kind kind, String expected, String mark, String advice) {
        int line = parser.currentTokenLocation().getLineNr();
        String place = where.startsWith("--") ? where : where + " line " + line;
        String found = "'" + parser.getString() + "'";
        return LizardException.at(
                kind, "unclear value", place, expected, mark.isEmpty() ? found : mark + parser.getString(), advice);
    }
}
