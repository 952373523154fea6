package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** What a repository on the hub holds, and which of it a model needs. */
record HubListing(HubName name, List<HubFile> files) {
    private static final Pattern SAFE =
            Pattern.compile("(?!.*\\.\\.)[A-Za-z0-9_][\\w .+=@-]*(/[A-Za-z0-9_][\\w .+=@-]*)*");
    private static final Pattern WEIGHTS = Pattern.compile("model(-\\d+-of-\\d+)?\\.safetensors");
    private static final Set<String> BESIDES = Set.of(
            CheckpointFolder.CONFIG,
            CheckpointFolder.GENERATION,
            FolderWeights.INDEX,
            CheckpointFolder.EXTRA,
            AdapterFiles.CONFIG,
            AdapterFiles.WEIGHTS,
            "recipe.yaml",
            "provenance.json");

    /** Reads the answer of the hub's model API ({@code siblings} with sizes and hashes). */
    static HubListing parse(HubName name, String json) {
        JsonNode root;
        try {
            root = Json.MAPPER.readTree(json);
        } catch (JacksonException e) {
            throw strange(name, Json.problem(e));
        }
        List<HubFile> files = new ArrayList<>();
        for (JsonNode sibling : root.path("siblings")) {
            String path = sibling.path("rfilename").asString("");
            if (!SAFE.matcher(path).matches()) {
                continue; // neither a model's file nor a name to create on this disk
            }
            files.add(new HubFile(
                    path,
                    sibling.path("size").asLong(-1),
                    text(sibling.path("lfs").path("sha256")),
                    sibling.has("lfs") ? Optional.empty() : text(sibling.path("blobId"))));
        }
        if (files.isEmpty()) {
            throw strange(name, "no files");
        }
        return new HubListing(name, files);
    }

    /** The files to download: config, weights and tokenizer, or the one GGUF file. */
    List<HubFile> wanted() {
        if (name.file().isPresent()) {
            return withParts(find(name.file().get()));
        }
        boolean folder = files.stream().anyMatch(f -> WEIGHTS.matcher(f.path()).matches());
        if (folder) {
            return files.stream().filter(f -> belongs(f.path())).toList();
        }
        List<HubFile> gguf =
                files.stream().filter(f -> f.path().endsWith(".gguf")).toList();
        if (gguf.size() == 1) {
            return gguf;
        }
        throw BadFileOnHub.of(
                name,
                "cannot choose weights",
                "model.safetensors or one .gguf file",
                gguf.isEmpty()
                        ? "neither"
                        : gguf.size() + " GGUF files such as " + gguf.getFirst().path(),
                gguf.isEmpty()
                        ? "choose another model"
                        : "name one: " + name.repository() + "/"
                                + gguf.getFirst().path());
    }

    /** The file itself, then the other parts of a split model. */
    private List<HubFile> withParts(HubFile file) {
        List<HubFile> wanted = new ArrayList<>(List.of(file));
        Matcher part = GgufSplit.NAME.matcher(file.path());
        if (part.matches()) {
            String others = Pattern.quote(part.group("stem")) + "-\\d{5}-of-" + part.group("count") + "\\.gguf";
            files.stream()
                    .filter(f -> !f.equals(file) && f.path().matches(others))
                    .forEach(wanted::add);
        }
        return wanted;
    }

    private static boolean belongs(String path) {
        return WEIGHTS.matcher(path).matches() || BESIDES.contains(path) || CheckpointFolder.TOKENIZER.contains(path);
    }

    private HubFile find(String path) {
        return files.stream()
                .filter(f -> f.path().equals(path))
                .findFirst()
                .orElseThrow(() -> BadFileOnHub.of(
                        name,
                        "missing file",
                        path,
                        files.size() + " other files",
                        Nearest.hint(path, files.stream().map(HubFile::path).toList())));
    }

    private static Optional<String> text(JsonNode node) {
        return node.isString() ? Optional.of(node.stringValue()) : Optional.empty();
    }

    private static LizardException strange(HubName name, String found) {
        return BadFileOnHub.of(name, "unreadable answer", "a list of files", found, "check HF_ENDPOINT, or try later");
    }

    /** Errors about what the hub holds. */
    private static final class BadFileOnHub {
        static LizardException of(HubName name, String what, String expected, String found, String whatToDo) {
            return LizardException.at(
                    LizardException.Kind.INPUT, what, "model " + name, expected, BadFile.brief(found), whatToDo);
        }
    }
}
