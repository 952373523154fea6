package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which files of a folder hold the weights. As transformers chooses: {@code model.safetensors}, else the shards of its
 * index. Beyond that: a whole set of numbered shards without an index, else the one safetensors file that is there.
 *
 * @param files what to open, in order
 * @param index the index that named them
 * @param notes what was passed over or guessed
 */
record FolderWeights(List<Path> files, Optional<Path> index, List<String> notes) {
    static final String ENDING = ".safetensors";
    static final String WHOLE = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";

    /** The layout of Mistral's and Meta's own code: other names, and rotary rows in another order. */
    private static final String MAKERS = "consolidated.";

    private static final Pattern SHARD = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.safetensors");
    private static final Pattern PICKLED = Pattern.compile(".*\\.(bin|pth|pt|ckpt|h5|msgpack)");

    /**
     * Chooses among the files of a folder.
     *
     * @param names its regular files
     * @param listing what is in the folder, for messages
     * @throws LizardException INPUT for a folder without weights, or with several sets of which none is the usual one
     */
    static FolderWeights of(Path folder, List<String> names, String listing) {
        Optional<ShardIndex> index = names.contains(INDEX) && !names.contains(WHOLE)
                ? Optional.of(ShardIndex.read(folder.resolve(INDEX)))
                : Optional.empty();
        if (names.contains(WHOLE)) {
            return whole(folder, names);
        }
        if (index.isPresent()) {
            return new FolderWeights(
                    index.get().shards(), Optional.of(index.get().file()), List.of());
        }
        return new Guess(folder, names, listing).files();
    }

    private static FolderWeights whole(Path folder, List<String> names) {
        Path whole = folder.resolve(WHOLE);
        if (!names.contains(INDEX)) {
            return new FolderWeights(List.of(whole), Optional.empty(), List.of());
        }
        String stale = "%s is read; the %s beside it is not".formatted(whole, INDEX);
        return new FolderWeights(List.of(whole), Optional.empty(), List.of(stale));
    }

    WeightSource open(Path folder) {
        return files.size() == 1
                ? SafetensorsFile.open(files.getFirst())
                : ShardedSource.open(index.orElse(folder), files);
    }

    /** Where neither the usual file nor its index is there. */
    private record Guess(Path folder, List<String> names, String listing) {
        FolderWeights files() {
            TreeMap<String, List<String>> sets = new TreeMap<>(); // by what comes before the number
            List<String> lone = new ArrayList<>();
            for (String name : names) {
                if (!name.endsWith(ENDING) || isOther(name)) {
                    continue;
                }
                Matcher shard = SHARD.matcher(name);
                if (shard.matches()) {
                    sets.computeIfAbsent(shard.group(1) + "-of-" + shard.group(3), s -> new ArrayList<>())
                            .add(name);
                } else {
                    lone.add(name);
                }
            }
            if (sets.size() + lone.size() > 1) {
                throw none(WHOLE + " or " + INDEX, "rename the file to be read to " + WHOLE);
            }
            if (sets.size() == 1) {
                return numbered(sets.firstEntry().getValue());
            }
            if (lone.size() == 1) {
                Path file = folder.resolve(lone.getFirst());
                String note = "%s is read: there is no %s".formatted(file, WHOLE);
                return new FolderWeights(List.of(file), Optional.empty(), List.of(note));
            }
            throw nothing();
        }

        private static boolean isOther(String name) {
            return name.startsWith(".")
                    || name.startsWith(MAKERS)
                    || name.equals(CheckpointFolder.EXTRA)
                    || name.equals(AdapterFiles.WEIGHTS);
        }

        private FolderWeights numbered(List<String> shards) {
            Matcher last = SHARD.matcher(shards.getLast());
            if (!last.matches() || shards.size() != Integer.parseInt(last.group(3))) {
                throw none(INDEX, "download the index and all shards");
            }
            String note = "%s: the %d shards are read without %s".formatted(folder, shards.size(), INDEX);
            return new FolderWeights(shards.stream().map(folder::resolve).toList(), Optional.empty(), List.of(note));
        }

        private LizardException nothing() {
            if (names.stream().anyMatch(n -> n.startsWith(MAKERS) && n.endsWith(ENDING))) {
                return none(
                        WHOLE + " in transformers' layout",
                        "convert " + MAKERS + "safetensors with transformers, or download its " + WHOLE);
            }
            Optional<String> pickled =
                    names.stream().filter(n -> PICKLED.matcher(n).matches()).findFirst();
            return none(
                    WHOLE + " or " + INDEX,
                    pickled.map(name -> "save the model as safetensors first: " + name + " is not read")
                            .orElse("download the weights too"));
        }

        private LizardException none(String expected, String whatToDo) {
            return BadFile.in(folder, "cannot find weights", expected, listing, whatToDo);
        }
    }
}
