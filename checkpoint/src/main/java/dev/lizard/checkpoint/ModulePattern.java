package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression over module paths out of an adapter's config. It is written for Python, whose differences are
 * translated, and comes from a file, so that its length and the steps of a match are bounded.
 */
final class ModulePattern {
    private static final int LONGEST = 10_000;
    private static final int MOST_STEPS = 1_000_000;

    /** Letters that mean something behind a backslash in Python; Java knows more. */
    private static final String ESCAPES = "AbBdDsSwWZnrtfvax";

    private final Path file;
    private final String key;
    private final Pattern compiled;

    private ModulePattern(Path file, String key, Pattern compiled) {
        this.file = file;
        this.key = key;
        this.compiled = compiled;
    }

    /**
     * Compiles a pattern.
     *
     * @param key where it stands, for messages
     * @throws LizardException INPUT for one that is none, or that Java cannot express
     */
    static ModulePattern of(Path file, String key, String python) {
        try {
            if (python.length() > LONGEST) {
                throw new PatternSyntaxException("longer than " + LONGEST, "", -1);
            }
            return new ModulePattern(file, key, Pattern.compile(new Translation(python).toJava()));
        } catch (PatternSyntaxException | StackOverflowError e) {
            String found = e instanceof PatternSyntaxException syntax ? syntax.getDescription() : "groups too deep";
            throw refused(file, key, found + " in '" + python + "'");
        }
    }

    /** Whether the whole path matches, Python's {@code re.fullmatch}. */
    boolean matches(String path) {
        return run(path, Matcher::matches);
    }

    /** Whether the path matches from its start, Python's {@code re.match}. */
    boolean matchesStart(String path) {
        return run(path, Matcher::lookingAt);
    }

    /** The named group of a match from the start. */
    Optional<String> group(String path, String name) {
        String[] found = new String[1];
        boolean matched = run(path, matcher -> {
            boolean there = matcher.lookingAt();
            found[0] = there ? matcher.group(name) : null;
            return there;
        });
        return matched ? Optional.ofNullable(found[0]) : Optional.empty();
    }

    private boolean run(String path, Predicate<Matcher> question) {
        try {
            return question.test(compiled.matcher(new BoundedText(path)));
        } catch (TooManySteps | StackOverflowError e) {
            throw refused(file, key, "one that takes more than %,d steps on %s".formatted(MOST_STEPS, path));
        }
    }

    private static LizardException refused(Path file, String key, String found) {
        return BadFile.in(
                file, key, "bad pattern", "a regular expression of Python", found, "name the modules instead");
    }

    /** Python's syntax to Java's, character by character. */
    private static final class Translation {
        private final String python;
        private final StringBuilder java = new StringBuilder();
        private int at;

        Translation(String python) {
            this.python = python;
        }

        String toJava() {
            while (at < python.length()) {
                char c = python.charAt(at);
                if (c == '\\') {
                    escape();
                } else if (c == '[') {
                    set();
                } else if (python.startsWith("(?P<", at)) {
                    java.append("(?<");
                    at += 4;
                } else if (python.startsWith("(?P=", at) && python.indexOf(')', at) > 0) {
                    int end = python.indexOf(')', at);
                    java.append("\\k<").append(python, at + 4, end).append('>');
                    at = end + 1;
                } else {
                    java.append(c);
                    at++;
                }
            }
            return java.toString();
        }

        private void escape() {
            char c = at + 1 < python.length() ? python.charAt(at + 1) : '\\';
            boolean letter = c < 128 && Character.isLetter(c);
            if (letter && ESCAPES.indexOf(c) < 0) {
                throw new PatternSyntaxException("unknown escape \\" + c, python, at);
            }
            java.append('\\').append(c == 'Z' ? 'z' : c == 'v' ? 'x' : c);
            java.append(c == 'v' ? "0b" : "");
            at += 2;
        }

        /** In a set, Java gives a meaning to brackets and ampersands that Python takes as they are. */
        private void set() {
            java.append('[');
            at++;
            if (python.startsWith("^", at)) {
                java.append('^');
                at++;
            }
            boolean first = true;
            while (at < python.length() && (first || python.charAt(at) != ']')) {
                first = false;
                char c = python.charAt(at);
                if (c == '\\') {
                    escape();
                    continue;
                }
                java.append(c == '[' || c == ']' || c == '&' ? "\\" : "").append(c);
                at++;
            }
        }
    }

    /** Counts how often a match looks at it: what backtracks without end is stopped. */
    private static final class BoundedText implements CharSequence {
        private final String text;
        private int steps;

        BoundedText(String text) {
            this.text = text;
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            if (++steps > MOST_STEPS) {
                throw new TooManySteps();
            }
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class TooManySteps extends RuntimeException {}
}
