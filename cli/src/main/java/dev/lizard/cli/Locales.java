package dev.lizard.cli;

import java.util.Optional;

/** Java takes arguments and names of files in the locale's encoding; what that cannot hold is lost before we see it. */
final class Locales {
    private Locales() {}

    /**
     * The warning where characters may be lost. The launcher starts Java in a UTF-8 locale, so this is for those who
     * start it in another way.
     *
     * @param encoding as of the property {@code sun.jnu.encoding}
     * @param windows whether the system hands over characters, of which only those of an old code page arrive
     */
    static Optional<String> warning(String encoding, boolean windows, String... args) {
        if (encoding.equalsIgnoreCase("UTF-8")) {
            return String.join("", args).indexOf('\uFFFD') < 0
                    ? Optional.empty()
                    : Optional.of("an argument is not UTF-8: what cannot be read in it became U+FFFD;"
                            + " give the text in a file, or in UTF-8");
        }
        boolean ascii = String.join("", args).chars().allMatch(c -> c < 128);
        if (windows && ascii) {
            return Optional.empty();
        }
        return Optional.of("the locale's encoding is %s: characters outside it %s in arguments and names of files; %s"
                .formatted(
                        encoding,
                        ascii ? "would be lost" : "were lost",
                        "start through ./lizard, or set LC_ALL=C.UTF-8"));
    }
}
