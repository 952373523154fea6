package dev.lizard.model;

import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model with what belongs to it. It owns the decoder; its files are no longer open.
 *
 * @param path what was opened
 * @param decoder the model itself
 * @param generationConfig {@code generation_config.json}
 * @param tokenizerFiles the tokenizer's files of a folder
 * @param contentFiles the files that decide what it computes
 * @param tokenizer how its tokenizer is made, or was begun to be
 * @param notes what a person should know of how the files were read, a line each
 */
public record OpenModel(
        Path path,
        Decoder decoder,
        Optional<ObjectNode> generationConfig,
        List<Path> tokenizerFiles,
        List<Path> contentFiles,
        EarlyTokenizer tokenizer,
        List<String> notes)
        implements AutoCloseable {
    public ModelConfig config() {
        return decoder.config();
    }

    /** Whether any layer has another mixer than its makers gave it. */
    public boolean converted() {
        return !decoder.mixerSpecs().equals(config().softmaxSpecs());
    }

    /** The tokens that end a text: those of {@code generation_config.json}, else those of the config. */
    public List<Integer> eosIds() {
        List<Integer> generation = generationConfig
                .map(node -> new ConfigKeys(node, path + "/generation_config.json").ints("eos_token_id"))
                .orElse(List.of());
        return generation.isEmpty() ? config().eosIds() : generation;
    }

    /**
     * The model's tokenizer. The caller closes it.
     *
     * @throws LizardException INPUT where there is none, one that is not supported, or one with pieces of text that the
     *     model's embedding does not have; padding and its like beyond it are a fault only where they are read
     */
    public Tokenizer openTokenizer() {
        Tokenizer made = tokenizer.take();
        int there = config().vocabSize();
        int wanted = made.vocabSize();
        boolean paddingOnly = IntStream.range(Math.min(there, wanted), wanted).allMatch(id -> isPadding(made, id));
        if (!paddingOnly) {
            made.close();
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "tokenizer of another vocabulary",
                    path,
                    "at most the model's %,d ids".formatted(there),
                    "%,d".formatted(wanted),
                    "put the model's own tokenizer files there");
        }
        return made;
    }

    /** Whether nothing but its name in the tokenizer's files (other than BOS and EOS) speaks of {@code id}. */
    private static boolean isPadding(Tokenizer tokenizer, int id) {
        Map<String, String> named = tokenizer.settings().named();
        String piece = tokenizer.piece(id);
        return piece.isEmpty()
                || (named.containsValue(piece)
                        && !piece.equals(named.get("bos_token"))
                        && !piece.equals(named.get("eos_token")));
    }

    /** The checksum of all that decides what the model computes ({@link Checkpoint#sha256}). Reads the files again. */
    public String sha256() {
        return Hashes.sha256(contentFiles);
    }

    @Override
    public void close() {
        tokenizer.discard();
        decoder.close();
    }
}
