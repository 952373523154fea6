package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.WeightSource;
import dev.lizard.model.Decoder;
import dev.lizard.model.ModelConfig;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.Tokenizers;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * The models that stages name as their teachers.
 *
 * @param find the path of a model by the name that a recipe gives it
 * @param dtype type of their weights and activations
 * @param device where they compute, the student's
 */
public record Teachers(Function<String, Path> find, DType dtype, Device device) {
    /** A teacher for the length of a stage; empty where it is the decoder's own. */
    record Lent(Optional<OpenModel> model) implements AutoCloseable {
        Optional<Decoder> decoder() {
            return model.map(OpenModel::decoder);
        }

        @Override
        public void close() {
            model.ifPresent(OpenModel::close);
        }
    }

    /**
     * Opens a stage's teacher, if it names one; the caller closes it.
     *
     * @param where the stage's key, for messages
     * @throws LizardException INPUT for one that cannot be read, USAGE for one that the student cannot learn from
     */
    Lent open(StageRecipe stage, Decoder student, Documents documents, String where) {
        String name = stage.teacher();
        if (name == null) {
            return new Lent(Optional.empty());
        }
        OpenModel model = Models.open(find.apply(name), dtype, device);
        try {
            requireSuited(model.config(), student.config(), stage.loss(), where);
            documents.requireKept(model.decoder().mixerSpecs(), where, name);
            return new Lent(Optional.of(model));
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /**
     * Looks at a stage's teacher before anything is loaded, and says what its weights will take: 0 where it names none.
     *
     * @param tokenizer the student's
     */
    long check(StageRecipe stage, Decoder student, Tokenizer tokenizer, Documents documents, String where) {
        String name = stage.teacher();
        if (name == null) {
            return 0;
        }
        Path path = find.apply(name);
        long bytes = 0;
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            ModelConfig config = Models.config(checkpoint);
            requireSuited(config, student.config(), stage.loss(), where);
            documents.requireKept(config.mixerSpecs(name), where, name);
            WeightSource weights = checkpoint.weights();
            for (String weight : weights.names()) {
                bytes += weights.info(weight).elements() * dtype.bytes();
            }
            try (Tokenizer other = checkpoint
                    .ggufMetadata()
                    .map(metadata -> Tokenizers.fromGguf(metadata, path.toString()))
                    .orElseGet(() -> Tokenizers.open(path))) {
                requireSameTokens(other, tokenizer, where);
            }
        }
        return bytes;
    }

    private static void requireSuited(ModelConfig teacher, ModelConfig student, Loss loss, String where) {
        require("vocabulary", student.vocabSize(), teacher.vocabSize(), where);
        boolean byLayer = loss.place() == Loss.Place.MIXER || loss.has(Loss.HiddenState.class);
        if (byLayer) {
            require("number of layers", student.layers(), teacher.layers(), where);
            require("width", student.width(), teacher.width(), where);
        }
        if (loss.place() == Loss.Place.MIXER) {
            require("heads", student.headDims(), teacher.headDims(), where);
            require("rotary positions", student.rope(), teacher.rope(), where);
        }
    }

    private static void requireSameTokens(Tokenizer teacher, Tokenizer student, String where) {
        require("vocabulary", student.vocabSize(), teacher.vocabSize(), where);
        for (int id = 0; id < student.vocabSize(); id++) {
            require("token " + id, "'" + student.piece(id) + "'", "'" + teacher.piece(id) + "'", where);
        }
    }

    private static void require(String what, Object expected, Object found, String where) {
        if (!expected.equals(found)) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "teacher of another " + what,
                    where + "/teacher",
                    "the student's " + expected,
                    found,
                    "choose a teacher with the same, or another loss");
        }
    }
}
