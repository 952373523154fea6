package dev.lizard.eval.report;

import dev.lizard.eval.result.ResultSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** One run's results under a name that no other run of the page has. */
record Run(String name, ResultSet results) {
    /** Reads each folder's results; named by the last parts of the paths in which they differ. */
    static List<Run> read(List<Path> folders) {
        List<ResultSet> results = folders.stream().map(ResultSet::read).toList();
        return named(folders, results);
    }

    /** Named by their numbers. */
    static List<Run> of(List<ResultSet> results) {
        List<Path> numbers = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
            numbers.add(Path.of("run " + (i + 1)));
        }
        return named(numbers, results);
    }

    private static List<Run> named(List<Path> folders, List<ResultSet> results) {
        List<Path> whole = folders.stream()
                .map(folder -> folder.toAbsolutePath().normalize())
                .toList();
        int deepest = whole.stream().mapToInt(Path::getNameCount).max().orElse(1);
        List<String> names = tails(whole, 1);
        for (int parts = 2; parts <= deepest && distinct(names) < names.size(); parts++) {
            names = tails(whole, parts);
        }
        Set<String> taken = new HashSet<>();
        List<Run> runs = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
            String name = taken.add(names.get(i)) ? names.get(i) : names.get(i) + " #" + (i + 1);
            runs.add(new Run(name, results.get(i)));
        }
        return runs;
    }

    private static List<String> tails(List<Path> folders, int parts) {
        return folders.stream().map(folder -> tail(folder, parts)).toList();
    }

    private static String tail(Path folder, int parts) {
        int count = folder.getNameCount();
        return count == 0
                ? folder.toString()
                : folder.subpath(Math.max(0, count - parts), count).toString().replace('\\', '/');
    }

    private static int distinct(List<String> names) {
        return Set.copyOf(names).size();
    }
}
