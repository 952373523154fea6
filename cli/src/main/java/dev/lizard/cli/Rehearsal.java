package dev.lizard.cli;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;

/**
 * What the launcher has Java watch when it makes the start-up archive: the usual short commands on the built-in teacher,
 * and all our classes, for those of longer commands are wanted early too.
 */
public final class Rehearsal {
    private static final String CLASS = ".class";

    private static final List<List<String>> COMMANDS = List.of(
            List.of("--version"),
            List.of("help", "generate"),
            List.of("inspect", "demo"),
            List.of("tokenize", "--model", "demo", "--text", "Once upon a time"),
            List.of("generate", "--model", "demo", "--prompt", "Once upon a time", "--max-tokens", "8"),
            // a server from its start to its end, and one who asks it
            words("bench turns --model demo --turns 1 --turn-tokens 24 --new-tokens 8 --runs 1 --kept-only"));

    private Rehearsal() {}

    /**
     * Runs them.
     *
     * @param args none
     */
    public static void main(String[] args) throws IOException {
        ResultStream nowhere = new ResultStream(OutputStream.nullOutputStream());
        for (List<String> command : COMMANDS) {
            App app = new App(new Streams(nowhere, nowhere, false, false), System.getenv(), SilenceWatch::start);
            int code = app.run(command.toArray(String[]::new));
            if (code != 0) {
                throw new IllegalStateException(command + " ended with " + code);
            }
        }
        Pattern separator = Pattern.compile(File.pathSeparator, Pattern.LITERAL);
        List<String> jars = separator
                .splitAsStream(System.getProperty("java.class.path"))
                .filter(place -> new File(place).getName().matches("(lizard-|tokenizers-).*\\.jar"))
                .toList();
        for (String jar : jars) {
            load(jar);
        }
    }

    private static List<String> words(String line) {
        return List.of(line.split(" "));
    }

    private static void load(String place) throws IOException {
        try (JarFile jar = new JarFile(place)) {
            jar.stream()
                    .map(JarEntry::getName)
                    .filter(name -> name.endsWith(CLASS) && !name.contains("-"))
                    .forEach(name -> load(name.substring(0, name.length() - CLASS.length()), Rehearsal.class));
        }
    }

    /** Java keeps a class as verified if it was linked, which asking for its methods does, unlike loading it. */
    private static void load(String name, Class<?> beside) {
        try {
            Class<?> loaded = Class.forName(name.replace('/', '.'), false, beside.getClassLoader());
            Method[] _ = loaded.getDeclaredMethods();
        } catch (ClassNotFoundException | LinkageError e) { // of a library that is not here: not needed either
            System.err.println("passed over: " + e);
        }
    }
}
