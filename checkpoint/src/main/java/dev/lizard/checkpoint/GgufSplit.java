package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model that {@code gguf-split} cut into files {@code NAME-00001-of-00003.gguf}. Any of them stands for all; the
 * first holds the metadata, each says which one it is.
 */
final class GgufSplit {
    static final Pattern NAME = Pattern.compile("(?<stem>.+)-(?<number>\\d{5})-of-(?<count>\\d{5})\\.gguf");
    private static final String COUNT = "split.count";
    private static final String NUMBER = "split.no";
    private static final String TENSORS = "split.tensors.count";
    private static final String ARCHITECTURE = "general.architecture";

    private final GgufFile given;
    private final long count;
    private final List<GgufFile> parts = new ArrayList<>();
    private final Map<String, TensorTable.Entry> entries = new LinkedHashMap<>();

    private GgufSplit(GgufFile given, long count) {
        this.given = given;
        this.count = count;
    }

    /**
     * The whole model of which {@code given} is a part; itself where it is no part. Closing it closes {@code given}.
     *
     * @throws LizardException INPUT for a part that is missing, not what its name says or of another model
     */
    static GgufFile whole(GgufFile given) {
        long count = given.metadata().containsKey(COUNT) ? number(given, COUNT) : 1;
        return count <= 1 ? given : new GgufSplit(given, count).join();
    }

    private GgufFile join() {
        try {
            Matcher name = NAME.matcher(given.path().getFileName().toString());
            if (!name.matches() || Long.parseLong(name.group("count")) != count) {
                throw BadFile.in(
                        given.path(),
                        COUNT,
                        "part of a split model",
                        "a name that ends in -0000N-of-%05d.gguf".formatted(count),
                        given.path().getFileName(),
                        "give the parts the names that they had");
            }
            for (int i = 0; i < count; i++) {
                Path path =
                        given.path().resolveSibling("%s-%05d-of-%05d.gguf".formatted(name.group("stem"), i + 1, count));
                parts.add(path.equals(given.path()) ? given : open(path));
                take(parts.getLast(), i);
            }
            checkTotal();
            List<Path> files = parts.stream().map(GgufFile::path).toList();
            return new GgufFile(given.path(), parts.getFirst().metadata(), entries, this::close, files);
        } catch (RuntimeException e) {
            closeOthers();
            throw e;
        }
    }

    private void close() {
        given.close();
        closeOthers();
    }

    private void closeOthers() {
        parts.stream().filter(part -> part != given).forEach(GgufFile::close);
    }

    private GgufFile open(Path path) {
        if (!Files.isRegularFile(path)) {
            throw BadFile.in(
                    given.path(),
                    COUNT,
                    "missing part",
                    "%d files, %s among them".formatted(count, path.getFileName()),
                    "no such file",
                    "download it into the same folder");
        }
        return GgufFile.openOne(path);
    }

    private void take(GgufFile part, int index) {
        expect(part, NUMBER, index);
        expect(part, COUNT, count);
        Object first = parts.getFirst().metadata().get(ARCHITECTURE);
        Object own = part.metadata().getOrDefault(ARCHITECTURE, String.valueOf(first));
        if (!own.equals(first)) {
            throw foreign(part, ARCHITECTURE, String.valueOf(first), own);
        }
        for (String name : part.names()) {
            TensorTable.Entry before = entries.putIfAbsent(name, part.entry(name));
            if (before != null) {
                throw foreign(
                        part,
                        name,
                        "a tensor that no other part has",
                        "one in " + before.file().getFileName());
            }
        }
    }

    private void checkTotal() {
        GgufFile first = parts.getFirst();
        if (first.metadata().containsKey(TENSORS)) {
            expect(first, TENSORS, entries.size());
        }
    }

    private static void expect(GgufFile part, String key, long expected) {
        if (number(part, key) != expected) {
            throw foreign(
                    part,
                    key,
                    Long.toString(expected),
                    String.valueOf(part.metadata().get(key)));
        }
    }

    private static LizardException foreign(GgufFile part, String key, String expected, Object found) {
        return BadFile.in(
                part.path(), key, "part of another model", expected, found, "download the parts of one model again");
    }

    private static long number(GgufFile part, String key) {
        Object value = part.metadata().get(key);
        if (!(value instanceof Long number) || number < 0) {
            String found = value == null ? "nothing" : value.toString();
            throw BadFile.in(part.path(), key, "bad metadata", "a whole number", found, BadFile.AGAIN);
        }
        return number;
    }
}
