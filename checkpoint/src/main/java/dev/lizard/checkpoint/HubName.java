package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model's name on the hub: {@code owner/name}, with a revision ({@code owner/name@v1}) or one GGUF file of it
 * ({@code owner/name/file.gguf}) where wanted.
 *
 * @param repository {@code owner/name}
 * @param revision branch, tag or commit; {@code main} unless given
 * @param file the one file that is wanted
 */
public record HubName(String repository, String revision, Optional<String> file) {
    private static final String PART = "[A-Za-z0-9][A-Za-z0-9._-]*";
    private static final Pattern NAME = Pattern.compile(
            "(" + PART + "/" + PART + ")(?:@(" + PART + "))?(?:/((?:" + PART + "/)*" + PART + "\\.gguf))?");

    /** Whether {@code text} has the form of a name on the hub. */
    public static boolean matches(String text) {
        return NAME.matcher(text).matches();
    }

    /**
     * Takes a name apart.
     *
     * @throws LizardException USAGE when it has another form
     */
    public static HubName parse(String text) {
        Matcher matcher = NAME.matcher(text);
        if (!matcher.matches()) {
            throw LizardException.usage(
                    "bad model name '%s': expected owner/name, owner/name@revision or owner/name/file.gguf; check it"
                            .formatted(BadFile.brief(text)));
        }
        return new HubName(
                matcher.group(1),
                Optional.ofNullable(matcher.group(2)).orElse("main"),
                Optional.ofNullable(matcher.group(3)));
    }

    @Override
    public String toString() {
        return repository + "@" + revision + file.map(f -> "/" + f).orElse("");
    }
}
