package dev.lizard.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** Opens a Hugging Face folder, linearized or not. */
record CheckpointFolder(Path folder) {
    static final String CONFIG = "config.json";
    static final String GENERATION = "generation_config.json";
    static final String EXTRA = "lizard.safetensors";
    static final List<String> TOKENIZER = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "chat_template.jinja",
            "chat_template.json",
            "tokenizer.model",
            "vocab.json",
            "merges.txt");

    Checkpoint open() {
        if (!has(CONFIG)) {
            throw BadFile.in(folder, "cannot open model", CONFIG, listing(), adviceWithoutConfig());
        }
        if (has(Student.FILE)) {
            throw BadFile.in(
                    folder,
                    "a student without its base",
                    "the model that it was made of",
                    "its own parts alone",
                    "give that model and --student " + folder);
        }
        ObjectNode config = JsonFiles.readObject(folder.resolve(CONFIG));
        Optional<ObjectNode> generation =
                has(GENERATION) ? Optional.of(JsonFiles.readObject(folder.resolve(GENERATION))) : Optional.empty();
        List<Path> content = new ArrayList<>(List.of(folder.resolve(CONFIG)));
        List<String> notes = new ArrayList<>();
        WeightSource weights = openWeights(content, notes);
        WeightSource extra = null;
        try {
            if (has(EXTRA)) {
                extra = SafetensorsFile.open(folder.resolve(EXTRA));
                content.add(folder.resolve(EXTRA));
            }
            Optional<Adapter> adapter = Adapter.in(folder, content, notes);
            if (adapter.isEmpty() && has(AdapterFiles.WEIGHTS)) {
                notes.add("%s is not used: there is no %s"
                        .formatted(folder.resolve(AdapterFiles.WEIGHTS), AdapterFiles.CONFIG));
            }
            List<Path> tokenizer =
                    TOKENIZER.stream().filter(this::has).map(folder::resolve).toList();
            return new Checkpoint(
                    folder,
                    config,
                    generation,
                    weights,
                    Optional.ofNullable(extra),
                    adapter,
                    Optional.empty(),
                    tokenizer,
                    List.copyOf(content),
                    Optional.empty(),
                    List.copyOf(notes));
        } catch (RuntimeException e) {
            weights.close();
            if (extra != null) {
                extra.close();
            }
            throw e;
        }
    }

    private WeightSource openWeights(List<Path> content, List<String> notes) {
        FolderWeights chosen =
                FolderWeights.of(folder, names().stream().filter(this::has).toList(), listing());
        chosen.index().ifPresent(content::add);
        content.addAll(chosen.files());
        notes.addAll(chosen.notes());
        WeightSource source = chosen.open(folder);
        try {
            return ModulePrefix.strip(source, notes);
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    private String adviceWithoutConfig() {
        List<String> names = names();
        Optional<String> gguf = names.stream().filter(n -> n.endsWith(".gguf")).findFirst();
        if (gguf.isPresent()) {
            return "give the file itself: " + folder.resolve(gguf.get());
        }
        return names.contains(AdapterFiles.CONFIG)
                ? "this is an adapter alone: give the folder of its base model"
                : "give the folder that holds config.json";
    }

    private boolean has(String name) {
        return Files.isRegularFile(folder.resolve(name));
    }

    private List<String> names() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw JsonFiles.unreadable(folder, e);
        }
    }

    /** The first few names, for messages. */
    private String listing() {
        List<String> names = names();
        String few = String.join(", ", names.subList(0, Math.min(6, names.size())));
        return names.isEmpty() ? "an empty folder" : names.size() > 6 ? few + ", ..." : few;
    }
}
